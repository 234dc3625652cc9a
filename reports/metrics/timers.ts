/**
 * How late the runtime's own timers were: its timer canaries, each asked for long before it was due.
 *
 * Who drives the timers may be held: then tasks from outside run at once, and no timer fires.
 */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { type Trace, timerDueNs } from "../../workloads/trace/trace.ts";
import { endNsOf, TIMER_DOUBLES, TIMER_HALVES, TIMER_RUN, TIMER_STATE, timerCountOf } from "../rows.ts";
import type { Metric } from "./metric.ts";
import { type Summary, summarize, summaryMetrics } from "./summary.ts";

export interface Timers {
  readonly timerLatenessNs: Summary;
  readonly timerCensoredCount: number;
}

/** Those due within the window. One that never ran counts up to the end of the trial. */
export function measureTimers(trace: Trace, records: Records, windowNs: number): Timers {
  const latenessNs = new Float64Array(timerCountOf(records));
  let count = 0;
  let censored = 0;
  for (let timer = 0; timer < latenessNs.length; timer++) {
    const dueNs = timerDueNs(trace, timer);
    if (dueNs > windowNs) continue;
    const hasRun = records.timerU16[timer * TIMER_HALVES + TIMER_STATE] === taskStates.done;
    const runNs = hasRun ? (records.timerF64[timer * TIMER_DOUBLES + TIMER_RUN] as number) : endNsOf(records);
    latenessNs[count++] = runNs - dueNs;
    if (!hasRun) censored++;
  }
  return { timerLatenessNs: summarize(latenessNs.subarray(0, count)), timerCensoredCount: censored };
}

const SOURCE = "Timer canary records.";

/** What of a trial's measures these figures are read from. */
interface Trial {
  readonly timers: Timers;
}

export const timerMetrics: readonly Metric<Trial>[] = [
  ...summaryMetrics(
    {
      name: "timerLatenessNs",
      section: "starvation",
      definition:
        "run − due of the timer canaries due within the window: how late what waits for a timer of the runtime goes on. An idle Tokio says 0.6 to 1.6 ms, the rounding of its timer wheel.",
      source: SOURCE,
    },
    ({ timers }: Trial) => timers.timerLatenessNs,
  ),
  {
    name: "timerCensoredCount",
    section: "starvation",
    unit: "count",
    better: "lower",
    definition: "Timer canaries that never ran; their lateness is taken up to the end of the trial.",
    source: SOURCE,
    of: ({ timers }) => timers.timerCensoredCount,
  },
];
