/**
 * CLOCK_MONOTONIC as a double, ns since an epoch: the same instant for every thread and for Rust's `Instant`.
 *
 * `performance.now` is the cheapest reading there is in Node; its zero differs from thread to thread, so each
 * thread measures its own offset once.
 */

/** Reads ns since the epoch it was made for. */
export type Clock = () => number;

/** CLOCK_MONOTONIC in ns. Exact below 104 days of uptime (2^53 ns). */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}

/** A clock of this thread for the epoch at `epochNs` on CLOCK_MONOTONIC. */
export function clockSince(epochNs: number): Clock {
  const zeroNs = threadZeroNs() - epochNs;
  return () => performance.now() * 1e6 + zeroNs;
}

/** Measured at a thread's first use and kept; NaN: not yet. */
let zeroOfThisThreadNs = Number.NaN;

/** Where this thread's `performance.now` starts on CLOCK_MONOTONIC: the tightest of a few brackets. */
function threadZeroNs(): number {
  if (!Number.isNaN(zeroOfThisThreadNs)) return zeroOfThisThreadNs;
  let best = { widthNs: Number.POSITIVE_INFINITY, zeroNs: 0 };
  for (let attempt = 0; attempt < 20; attempt++) {
    const before = process.hrtime.bigint();
    const now = performance.now();
    const widthNs = Number(process.hrtime.bigint() - before);
    if (widthNs < best.widthNs) best = { widthNs, zeroNs: Number(before) + widthNs / 2 - now * 1e6 };
  }
  zeroOfThisThreadNs = best.zeroNs;
  return zeroOfThisThreadNs;
}
