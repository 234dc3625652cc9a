/**
 * The integer CPU kernel: a unit of CPU work that is bit-exact and equally fast in V8 and in Rust.
 *
 * One unit is one round of xorshift32 (Marsaglia, "Xorshift RNGs", 2003) followed by a multiplication
 * with an odd constant; both steps are bijections that keep a non-zero word non-zero, so no engine can
 * skip a round. The twin is `runtimes/native/src/kernel.rs`; a test compares them.
 */

/** Odd, from the golden ratio (Knuth, TAOCP 3, 6.4). */
const GOLDEN = 0x9e3779b1;

/** Runs `units` rounds from `seed` and returns the last word, never 0. */
export function burn(seed: number, units: number): number {
  let x = seed | 1;
  for (let unit = 0; unit < units; unit++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    x = Math.imul(x, GOLDEN);
  }
  return x >>> 0;
}

/** Folds `value` into `checksum`; the order of the folds matters (murmur3's mixing step, Appleby). */
export function fold(checksum: number, value: number): number {
  const mixed = Math.imul(value, 0xcc9e2d51);
  const x = checksum ^ Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  return (Math.imul((x << 13) | (x >>> 19), 5) + 0xe6546b64) >>> 0;
}

/** Byte `index` of the payload that an echo sends for `seed`: a fixed pattern, its first four bytes keyed. */
export function payloadByte(seed: number, index: number): number {
  const pattern = Math.imul(index, GOLDEN) >>> 24;
  return index < 4 ? (pattern ^ (seed >>> (8 * index))) & 0xff : pattern;
}
