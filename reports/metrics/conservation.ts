/**
 * Work conservation: no worker rests while something is ready. The recorded starts and ends are replayed, and of all
 * the waiting of tasks that part counts in which a worker rested, where one did for longer than waking it may take.
 *
 * The cause of starvation asks the same of late canaries only; this looks at every task, however short it waited.
 * Waits after the first poll have no rows of their own and are not in it.
 */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import {
  NO_DUE,
  NONE,
  TASK_AFTER,
  TASK_DUE,
  TASK_F64,
  TASK_THINK,
  TASK_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";
import { endNsOf, FINISH, FIRST_POLL, STARTS, STATE, SUBMITTED, TASK_BYTES, TASK_DOUBLES } from "../rows.ts";
import { isPassedOver, type Rests, timeIn } from "./cause.ts";
import type { Metric } from "./metric.ts";

export interface Conservation {
  readonly waitingNs: number;
  /** null where nothing waited, or the runtime records no idle stretches. */
  readonly violatedShare: number | null;
}

export function measureConservation(trace: Trace, records: Records, rests: Rests | null): Conservation {
  let waitingNs = 0;
  let violatedNs = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    const fromNs = readyNsOf(trace, records, task);
    const isStarted = (records.taskU8[task * TASK_BYTES + STARTS] as number) > 0;
    const toNs = isStarted ? (records.taskF64[task * TASK_DOUBLES + FIRST_POLL] as number) : endNsOf(records);
    if (!(toNs > fromNs)) continue;
    waitingNs += toNs - fromNs;
    // No worker can have rested for longer than the task waited.
    if (rests === null || toNs - fromNs <= rests.limitNs) continue;
    const restedNs = timeIn(rests.ledger.idle, { fromNs, toNs });
    if (restedNs > 0 && isPassedOver(rests, { fromNs, toNs })) violatedNs += restedNs;
  }
  return { waitingNs, violatedShare: rests === null || waitingNs === 0 ? null : violatedNs / waitingNs };
}

/** When `task` could have started: handed over, and its predecessor ended. Infinity: never. */
function readyNsOf(trace: Trace, records: Records, task: number): number {
  const submittedNs = records.taskF64[task * TASK_DOUBLES + SUBMITTED] as number;
  const isStarted = (records.taskU8[task * TASK_BYTES + STARTS] as number) > 0;
  if (!isStarted && !(submittedNs > 0)) return Number.POSITIVE_INFINITY;
  const after = trace.taskU32[task * TASK_U32 + TASK_AFTER] as number;
  // What has no due time of its own is handed over by its predecessor.
  if (after === NONE || trace.taskF64[task * TASK_F64 + TASK_DUE] === NO_DUE) return submittedNs;
  if (records.taskU8[after * TASK_BYTES + STATE] !== taskStates.done) return Number.POSITIVE_INFINITY;
  const thinkNs = trace.taskF64[task * TASK_F64 + TASK_THINK] as number;
  return Math.max(submittedNs, (records.taskF64[after * TASK_DOUBLES + FINISH] as number) + thinkNs);
}

export const conservationMetrics: readonly Metric<{ readonly conservation: Conservation }>[] = [
  {
    name: "conservation.violatedShare",
    section: "starvation",
    unit: "share",
    better: "lower",
    definition:
      "Share of the waiting of all tasks, from when each was ready to its first poll, during which a worker was idle, more workers could not run than there are cores, and one of them was idle in all for longer than cause.wakeUpLimitNs while the task was ready. null where nothing waited, or the runtime records no idle stretches.",
    source: "Task, canary, hold and idle records.",
    of: ({ conservation }) => conservation.violatedShare,
  },
];
