/** Whether what an id stands for has been done, by the records: what a scheduler that repeats itself answers then. */
import { strideIn } from "../../workloads/trace/layout.ts";
import type { Ids } from "../ids.ts";
import { canaryRow, taskRecordRow, taskStates, timerRow } from "../record.ts";
import type { Records } from "../records.ts";

const TASK_U8 = strideIn(taskRecordRow, "u8");
const CANARY_U16 = strideIn(canaryRow, "u16");
const TIMER_U16 = strideIn(timerRow, "u16");

export function isDone(records: Records, ids: Ids, id: number): boolean {
  return stateOf(records, ids, id) === taskStates.done;
}

function stateOf({ taskU8, canaryU16, timerU16 }: Records, ids: Ids, id: number): number {
  const { canaries, timers, locals } = ids;
  if (id < canaries) return taskU8[id * TASK_U8 + taskRecordRow.index.state] as number;
  if (id < timers) return canaryU16[(id - canaries) * CANARY_U16 + canaryRow.index.state] as number;
  if (id < locals) return timerU16[(id - timers) * TIMER_U16 + timerRow.index.state] as number;
  return canaryU16[(id - locals) * CANARY_U16 + canaryRow.index.localState] as number;
}
