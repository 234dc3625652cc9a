/**
 * Work that a runtime left lying: at the cut-off something is not done, and the runtime had long stopped doing
 * anything. A runtime that is only too slow is still at work then, and its tasks are merely unserved.
 */
import { type Records, taskStates } from "../../runtimes/record.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import {
  CANARY_DOUBLES,
  CANARY_HALVES,
  CANARY_RUN,
  CANARY_STATE,
  canaryCountOf,
  endNsOf,
  FINISH,
  FIRST_POLL,
  HOLD_DOUBLES,
  HOLD_END,
  holdCountOf,
  STARTS,
  STATE,
  TASK_BYTES,
  TASK_DOUBLES,
} from "../rows.ts";

/** The drain has room for the longest task of the trace twice over; half of it without a sign is no work in progress. */
const STILL_SHARE = 0.5;

export function leftLying(trace: Trace, records: Records): string[] {
  let leftCount = 0;
  let firstLeft = -1;
  let lastNs = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    const row = task * TASK_DOUBLES;
    if (records.taskU8[task * TASK_BYTES + STATE] === taskStates.unserved) {
      leftCount++;
      if (firstLeft < 0) firstLeft = task;
    } else {
      lastNs = Math.max(lastNs, records.taskF64[row + FINISH] as number);
    }
    if ((records.taskU8[task * TASK_BYTES + STARTS] as number) > 0) {
      lastNs = Math.max(lastNs, records.taskF64[row + FIRST_POLL] as number);
    }
  }
  for (let hold = 0; hold < holdCountOf(records); hold++) {
    lastNs = Math.max(lastNs, records.holdF64[hold * HOLD_DOUBLES + HOLD_END] as number);
  }
  // Canaries are not the work: that they still run says nothing about the tasks.
  const stillNs = endNsOf(records) - lastNs;
  if (leftCount > 0) {
    const tasks = `${leftCount} ${leftCount === 1 ? "task" : "tasks"} (the first is task ${firstLeft})`;
    return stillNs > trace.drainNs * STILL_SHARE ? [sentence(tasks, stillNs)] : [];
  }
  return leftCanaries(trace, records, stillNs);
}

function leftCanaries(trace: Trace, records: Records, tasksStillNs: number): string[] {
  let left = 0;
  let stillNs = tasksStillNs;
  for (let canary = 0; canary < canaryCountOf(records); canary++) {
    if (records.canaryU16[canary * CANARY_HALVES + CANARY_STATE] !== taskStates.done) left++;
    else {
      const runNs = records.canaryF64[canary * CANARY_DOUBLES + CANARY_RUN] as number;
      stillNs = Math.min(stillNs, endNsOf(records) - runNs);
    }
  }
  return left > 0 && stillNs > trace.drainNs * STILL_SHARE ? [sentence(`${left} canaries`, stillNs)] : [];
}

function sentence(left: string, stillNs: number): string {
  return `${left} left lying: nothing started or ended in the last ${(stillNs / 1e9).toFixed(1)} s before the cut-off`;
}
