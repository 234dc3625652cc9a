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

/**
 * A trace that may need more polls is refused: the indices of the queues, 31 bits wide, must not wrap in a trial.
 *
 * A deque's index counts the ids put into it, at most 18 a poll. Let P be the polls of a trial. Each time a task
 * becomes ready it is pushed once and polled once: P pushes. A deque overflows with at most 129 ids, and not again
 * before 128 more were pushed, for stealing, taking and overflowing leave it at most half full: 1.01 P ids go back
 * to the injector. From there, with what came from outside, 2.01 P are taken at most. Let a deque of k ids weigh
 * k·log2 k. What is pushed or taken adds at most 10 an id to the sum of the weights, as k ≤ 256; a steal takes at
 * least twice as many off it as it moves to the thief's deque. So at most 10 · 3.01 P / 2 ids are moved by steals, all
 * deques together, rounded halves included: 3.01 P + 15.05 P ≤ 18.1 P, below 2^31 − 256 for P ≤ 1.18e8.
 */
export const POLL_LIMIT: number = 1.1e8;

const suspending: ReadonlySet<number> = new Set(
  Object.values(ops)
    .filter(({ occupies }) => occupies === "suspends")
    .map(({ code }) => code),
);

/** Upper bound of polls, with `canaryPolls` for canaries: a task is polled once more than it suspends. */
export function pollBound(trace: Trace, canaryPolls: number): number {
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
  let bound = canaryPolls;
  for (let task = 0; task < trace.taskCount; task++) {
    bound += perProgram[trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number] as number;
  }
  return bound;
}
