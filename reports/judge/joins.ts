/** A parent that joins its children ends after the last of them. */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { JOIN } from "../../workloads/trace/op.ts";
import {
  OP_CODE,
  OP_COUNT,
  OP_TARGET,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_PROGRAM,
  TASK_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";
import { FINISH, STATE, TASK_BYTES, TASK_DOUBLES } from "../rows.ts";
import { Offences } from "./offences.ts";
import { OTHER_CLOCK_NS } from "./tolerance.ts";

export function brokenJoins(trace: Trace, records: Records): string[] {
  const offences = new Offences();
  if (!trace.opU32.some((word, index) => index % OP_U32 === OP_CODE && word === JOIN)) return [];
  for (let task = 0; task < trace.taskCount; task++) {
    if (records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) continue;
    const program = trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number;
    const first = trace.programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    const count = trace.programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] as number;
    for (let op = first; op < first + count; op++) {
      if (trace.opU32[op * OP_U32 + OP_CODE] !== JOIN) continue;
      const child = trace.opU32[op * OP_U32 + OP_TARGET] as number;
      const end = child + (trace.opU32[op * OP_U32 + OP_COUNT] as number);
      checkJoin(records, { task, child, end }, offences);
    }
  }
  return offences.sentences();
}

function checkJoin(
  records: Records,
  join: { readonly task: number; readonly child: number; readonly end: number },
  offences: Offences,
): void {
  const finishNs = records.taskF64[join.task * TASK_DOUBLES + FINISH] as number;
  for (let child = join.child; child < join.end; child++) {
    const isDone = records.taskU8[child * TASK_BYTES + STATE] === taskStates.done;
    const childNs = records.taskF64[child * TASK_DOUBLES + FINISH] as number;
    if (isDone && finishNs >= childNs - OTHER_CLOCK_NS) continue;
    offences.add("join", () => `task ${join.task} ended before task ${child}, which it joins`);
  }
}
