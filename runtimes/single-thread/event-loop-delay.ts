/**
 * Asks Node's event loop of this thread how it sees itself: its delay histogram and its utilization.
 *
 * The histogram's timer is libuv's own and calls no JavaScript; at Node's usual resolution it wakes the thread a
 * hundred times a second. At 1 ms it would wake it a thousand times, as often as the canaries that it is held against.
 */
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Recorder } from "../recorder.ts";

const RESOLUTION_MS = 10;
const PERCENTILES = [50, 90, 99, 99.9];

/** From now on, until the answer is called: that records what the event loop says. */
export function watchEventLoop(recorder: Recorder): () => void {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  const before = performance.eventLoopUtilization();
  histogram.enable();
  return () => {
    histogram.disable();
    // Without a sample the histogram's figures are none.
    if (histogram.count === 0) return;
    recorder.eventLoopSaid({
      count: histogram.count,
      delayNs: [
        ...PERCENTILES.map((percent) => histogram.percentile(percent)),
        histogram.max,
        histogram.mean,
      ],
      busyShare: performance.eventLoopUtilization(before).utilization,
    });
  };
}
