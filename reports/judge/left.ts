/**
 * Work that a runtime left lying: at the cut-off something is not done, and the runtime had long stopped doing
 * anything. A runtime that is only too slow is still at work then, and its tasks are merely unserved.
 */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import {
  CANARY_DOUBLES,
  CANARY_HALVES,
  CANARY_LOCAL_RUN,
  CANARY_LOCAL_STATE,
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
  TIMER_DOUBLES,
  TIMER_HALVES,
  TIMER_RUN,
  TIMER_STATE,
  timerCountOf,
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
  const look = (state: number | undefined, runNs: number | undefined): void => {
    if (state !== taskStates.done || runNs === undefined) left++;
    else stillNs = Math.min(stillNs, endNsOf(records) - runNs);
  };
  for (let canary = 0; canary < canaryCountOf(records); canary++) {
    const [row, half] = [canary * CANARY_DOUBLES, canary * CANARY_HALVES];
    look(records.canaryU16[half + CANARY_STATE], records.canaryF64[row + CANARY_RUN]);
    if (records.canaryU16[half + CANARY_STATE] !== taskStates.done) continue;
    look(records.canaryU16[half + CANARY_LOCAL_STATE], records.canaryF64[row + CANARY_LOCAL_RUN]);
  }
  for (let timer = 0; timer < timerCountOf(records); timer++) {
    look(
      records.timerU16[timer * TIMER_HALVES + TIMER_STATE],
      records.timerF64[timer * TIMER_DOUBLES + TIMER_RUN],
    );
  }
  return left > 0 && stillNs > trace.drainNs * STILL_SHARE ? [sentence(`${left} canaries`, stillNs)] : [];
}

function sentence(left: string, stillNs: number): string {
  return `${left} left lying: nothing started or ended in the last ${(stillNs / 1e9).toFixed(1)} s before the cut-off`;
}
