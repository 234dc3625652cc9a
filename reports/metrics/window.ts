/** The measured window [0, T]: it starts at the epoch and nothing is cut from it. */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import { endNsOf, FINISH, STATE, TASK_BYTES, TASK_DOUBLES } from "../rows.ts";

/** T: the trace's window; a counted load's last finish, or the end of the trial where tasks were left. */
export function windowNsOf(trace: Trace, records: Records): number {
  if (trace.windowNs > 0) return trace.windowNs;
  let lastNs = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    if (records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) return endNsOf(records);
    const finishNs = records.taskF64[task * TASK_DOUBLES + FINISH] as number;
    if (finishNs > lastNs) lastNs = finishNs;
  }
  return lastNs;
}
