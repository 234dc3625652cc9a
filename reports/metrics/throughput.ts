/** How much was done: a rate for counted loads, what was offered and what was done for the others. */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { TASK_DUE, TASK_F64, type Trace } from "../../workloads/trace/trace.ts";
import { FINISH, STATE, TASK_BYTES, TASK_DOUBLES } from "../rows.ts";
import type { Metric } from "./metric.ts";
import { nearestRank, quantiles } from "./quantile.ts";

export interface Throughput {
  readonly perSecond: number | null;
  readonly offeredPerSecond: number | null;
  readonly donePerSecond: number | null;
}

/** With fewer finishes the stretch from the 5 % to the 95 % rank is no rate. */
const MIN_FINISHES = 20;
/** The ramp at the start and the tail at the end of a counted load are not its rate. */
const FROM_SHARE = 0.05;
const TO_SHARE = 0.95;

export function measureThroughput(trace: Trace, records: Records): Throughput {
  return trace.windowNs === 0
    ? { perSecond: countedPerSecond(trace, records), offeredPerSecond: null, donePerSecond: null }
    : { perSecond: null, ...openRates(trace, records) };
}

function countedPerSecond(trace: Trace, records: Records): number | null {
  const finishesNs = new Float64Array(trace.taskCount);
  let count = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    if (records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) continue;
    finishesNs[count++] = records.taskF64[task * TASK_DOUBLES + FINISH] as number;
  }
  if (count < MIN_FINISHES) return null;
  const [fromNs = 0, toNs = 0] = quantiles(finishesNs.subarray(0, count), [FROM_SHARE, TO_SHARE]);
  const finishes = nearestRank(TO_SHARE, count) - nearestRank(FROM_SHARE, count);
  // All finishes at one instant of virtual time: no rate.
  return toNs > fromNs ? (finishes * 1e9) / (toNs - fromNs) : null;
}

function openRates(trace: Trace, records: Records): { offeredPerSecond: number; donePerSecond: number } {
  let offered = 0;
  let done = 0;
  for (let task = 0; task < trace.rootCount; task++) {
    if ((trace.taskF64[task * TASK_F64 + TASK_DUE] as number) > trace.windowNs) continue;
    offered++;
    const isDone = records.taskU8[task * TASK_BYTES + STATE] === taskStates.done;
    if (isDone && (records.taskF64[task * TASK_DOUBLES + FINISH] as number) <= trace.windowNs) done++;
  }
  const seconds = trace.windowNs / 1e9;
  return { offeredPerSecond: offered / seconds, donePerSecond: done / seconds };
}

export const throughputMetrics: readonly Metric<{ readonly throughput: Throughput }>[] = [
  {
    name: "throughputPerSecond",
    section: null,
    unit: "perSecond",
    better: "higher",
    definition:
      "Tasks finished a second between the finishes at 5 % and at 95 %; counted loads with 20 finishes or more only.",
    source: "Task records.",
    of: ({ throughput }) => throughput.perSecond,
  },
  {
    name: "offeredPerSecond",
    section: null,
    unit: "perSecond",
    better: "neither",
    definition: "Tasks due within the window by the schedule, a second of the window; open loops only.",
    source: "The trace.",
    of: ({ throughput }) => throughput.offeredPerSecond,
  },
  {
    name: "donePerSecond",
    section: null,
    unit: "perSecond",
    better: "higher",
    definition: "Of these tasks, those finished within the window, a second of the window; open loops only.",
    source: "Task records.",
    of: ({ throughput }) => throughput.donePerSecond,
  },
];
