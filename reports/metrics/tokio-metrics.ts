/**
 * Figures under the names of the tokio-metrics crate (`TaskMetrics`), as far as task records support them.
 *
 * Its ratios of slow polls and of long delays after a wake-up are left out: the records have a task's polls and
 * resume waits as sums, and only the delay of its first poll by itself.
 */
import type { Records } from "../../runtimes/records.ts";
import {
  FIRST_POLL,
  HELD,
  POLL_COUNT,
  RESUME_WAIT,
  STARTS,
  SUBMITTED,
  TASK_BYTES,
  TASK_DOUBLES,
  TASK_WORDS,
} from "../rows.ts";
import type { Metric } from "./metric.ts";

export interface TokioMetrics {
  readonly meanFirstPollDelayNs: number | null;
  readonly meanScheduledDurationNs: number | null;
  readonly meanPollDurationNs: number | null;
}

export function measureTokioMetrics({ taskF64, taskU32, taskU8, shape }: Records): TokioMetrics {
  let started = 0;
  let polls = 0;
  let firstPollDelayNs = 0;
  let scheduledNs = 0;
  let polledNs = 0;
  for (let task = 0; task < shape.taskCount; task++) {
    if (taskU8[task * TASK_BYTES + STARTS] === 0) continue;
    const row = task * TASK_DOUBLES;
    started++;
    polls += taskU32[task * TASK_WORDS + POLL_COUNT] as number;
    firstPollDelayNs += (taskF64[row + FIRST_POLL] as number) - (taskF64[row + SUBMITTED] as number);
    scheduledNs += taskF64[row + RESUME_WAIT] as number;
    polledNs += taskF64[row + HELD] as number;
  }
  return {
    meanFirstPollDelayNs: started === 0 ? null : firstPollDelayNs / started,
    meanScheduledDurationNs: polls === started ? null : scheduledNs / (polls - started),
    meanPollDurationNs: polls === 0 ? null : polledNs / polls,
  };
}

const rows: readonly [keyof TokioMetrics, string, string][] = [
  [
    "meanFirstPollDelayNs",
    "Mean of first poll − submitted over all tasks that were started.",
    "mean_first_poll_delay",
  ],
  [
    "meanScheduledDurationNs",
    "Mean of poll − ready over all polls but first ones, of all tasks.",
    "mean_scheduled_duration",
  ],
  [
    "meanPollDurationNs",
    "Time in which ops held a worker, over all polls of all tasks: what a poll does between its ops is in no record and not counted.",
    "mean_poll_duration",
  ],
];

export const tokioMetrics: readonly Metric<{ readonly tokioMetrics: TokioMetrics }>[] = rows.map(
  ([name, definition, original]) => ({
    name,
    section: "tokioMetrics",
    unit: "ns",
    better: "lower",
    definition,
    source: `Task records; tokio-metrics calls it ${original}.`,
    of: ({ tokioMetrics: figures }) => figures[name],
  }),
);
