/** How many polls a trace can ask for: it bounds the indices of queues and the rows of idle stretches. */
import { ops } from "../workloads/trace/op.ts";
import {
  OP_CODE,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_PROGRAM,
  TASK_U32,
  type Trace,
} from "../workloads/trace/trace.ts";

/** A trace that may need more polls is refused: indices of 31 bits must not wrap. */
export const POLL_LIMIT: number = 2 ** 30;

const suspending: ReadonlySet<number> = new Set(
  Object.values(ops)
    .filter(({ occupies }) => occupies === "suspends")
    .map(({ code }) => code),
);

/** Upper bound of polls, with one for each of `canaryCapacity` canaries: a task is polled once more than it suspends. */
export function pollBound(trace: Trace, canaryCapacity: number): number {
  const perProgram = Array.from({ length: trace.programCount }, (_, program) => {
    const row = program * PROGRAM_U32;
    const first = trace.programU32[row + PROGRAM_FIRST_OP] as number;
    const count = trace.programU32[row + PROGRAM_OP_COUNT] as number;
    let polls = 1;
    for (let op = first; op < first + count; op++) {
      if (suspending.has(trace.opU32[op * OP_U32 + OP_CODE] as number)) polls++;
    }
    return polls;
  });
  let bound = canaryCapacity;
  for (let task = 0; task < trace.taskCount; task++) {
    bound += perProgram[trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number] as number;
  }
  return bound;
}
