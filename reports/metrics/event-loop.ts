/**
 * What Node's event loop says of itself, as a contrast to what the canaries say: where it is held it does not
 * sample, so a freeze of 100 ms is one sample among hundreds.
 *
 * Asked on `single-thread` only. The other runtimes of TypeScript return to their event loop for replies and
 * nothing else: there it would tell of them, not of the event loop. Null there.
 */
import type { Records } from "../../runtimes/records.ts";
import { LANE_LOOP_BUSY, LANE_LOOP_DELAY, LANE_LOOP_DELAY_COUNT } from "../rows.ts";
import type { Metric } from "./metric.ts";
import { percentiles, type Summary, shownQuantile, summaryMetrics } from "./summary.ts";

export interface EventLoopFigures {
  readonly loopDelayNs: Summary | null;
  readonly loopUtilization: number | null;
}

/** Of the first lane: only a runtime of one worker is asked. */
export function eventLoopOf({ laneU32, laneF64 }: Records): EventLoopFigures {
  const count = laneU32[LANE_LOOP_DELAY_COUNT] as number;
  if (count === 0) return { loopDelayNs: null, loopUtilization: null };
  const [p50, p90, p99, p999, max, mean] = laneF64.subarray(LANE_LOOP_DELAY, LANE_LOOP_DELAY + 6);
  const at = (field: keyof typeof percentiles, ns: number | undefined): number | null =>
    ns === undefined ? null : shownQuantile(percentiles[field], count, ns);
  return {
    loopDelayNs: {
      count,
      p50: at("p50", p50),
      p90: at("p90", p90),
      p99: at("p99", p99),
      p999: at("p999", p999),
      max: max ?? null,
      mean: mean ?? null,
    },
    loopUtilization: laneF64[LANE_LOOP_BUSY] as number,
  };
}

/** What of a trial's measures these figures are read from. */
interface Trial {
  readonly eventLoop: EventLoopFigures;
}

export const eventLoopMetrics: readonly Metric<Trial>[] = [
  ...summaryMetrics(
    {
      name: "loopDelayNs",
      section: "eventLoop",
      definition:
        "time between two samples that Node's event loop took of itself, 10 ms when nothing holds it. Samples that it could not take are missing: not coordinated with the load, so no measure of starvation.",
      source: "perf_hooks.monitorEventLoopDelay, resolution 10 ms; null but on single-thread.",
      percentilesFrom: "Node's own histogram, of three significant digits.",
    },
    ({ eventLoop }: Trial) => eventLoop.loopDelayNs,
  ),
  {
    name: "loopUtilization",
    section: "eventLoop",
    unit: "share",
    better: "neither",
    definition: "Share of the trial in which the event loop was not waiting for events, blocks included.",
    source: "performance.eventLoopUtilization of the worker's thread; null but on single-thread.",
    of: ({ eventLoop }) => eventLoop.loopUtilization,
  },
];
