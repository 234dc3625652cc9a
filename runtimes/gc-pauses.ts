/**
 * The pauses of a worker thread's garbage collector, as stretches in its lane.
 *
 * Node stamps every collection as it happens and keeps the stamps until the event loop turns. A scheduling loop
 * may never return to it, so what is left is fetched after the loop has left. While the loop runs, a collection
 * costs a small record in Node and nothing else.
 */
import { PerformanceObserver, performance } from "node:perf_hooks";
import { setImmediate as loopTurn } from "node:timers/promises";
import { monotonicNs } from "./clock.ts";
import { recordsHeaderRow } from "./record.ts";
import type { Recorder } from "./recorder.ts";
import type { Records } from "./records.ts";

/** Node hands collections over in the first turn; the others are there so that this may change by one. */
const TURNS = 3;
const BRACKETS = 20;

/**
 * Watches the calling thread from now on, for `recorder`, the recorder of its lane in `records`. The answer is
 * called once, when the trial is over: it resolves within a few turns, when every pause is recorded.
 */
export function watchGcPauses(records: Records, recorder: Recorder): () => Promise<void> {
  const zeroNs = zeroOfThreadNs();
  const record = (pauses: readonly { startTime: number; duration: number }[]): void => {
    // Not known before the trial starts; no turn comes before that.
    const epochNs = records.headerF64[recordsHeaderRow.index.epochNs] as number;
    for (const { startTime, duration } of pauses) {
      const startNs = startTime * 1e6 + zeroNs - epochNs;
      recorder.gcPause(startNs, startNs + duration * 1e6);
    }
  };
  const observer = new PerformanceObserver((list) => record(list.getEntries()));
  observer.observe({ entryTypes: ["gc"] });
  return async () => {
    for (let turn = 0; turn < TURNS; turn++) {
      await loopTurn();
      record(observer.takeRecords());
    }
    observer.disconnect();
    recorder.gcWatched();
  };
}

/** Where this thread's `performance.now`, and so its stamps, begin on CLOCK_MONOTONIC: by the tightest bracket. */
function zeroOfThreadNs(): number {
  let best = { widthNs: Number.POSITIVE_INFINITY, zeroNs: 0 };
  for (let attempt = 0; attempt < BRACKETS; attempt++) {
    const beforeNs = monotonicNs();
    const nowNs = performance.now() * 1e6;
    const widthNs = monotonicNs() - beforeNs;
    if (widthNs < best.widthNs) best = { widthNs, zeroNs: beforeNs + widthNs / 2 - nowNs };
  }
  return best.zeroNs;
}
