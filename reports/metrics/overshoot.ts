/** How much longer than asked each block lasted. */
import type { Records } from "../../runtimes/records.ts";
import { BLOCK } from "../../workloads/trace/op.ts";
import {
  OP_A,
  OP_CODE,
  OP_F64,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_PROGRAM,
  TASK_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";
import {
  HOLD_DOUBLES,
  HOLD_END,
  HOLD_HALVES,
  HOLD_OP,
  HOLD_START,
  HOLD_TASK,
  HOLD_WORDS,
  holdCountOf,
} from "../rows.ts";

/** One a hold row of a block. A task's rows stand in the order of its blocks: it is on one worker at a time. */
export function blockOvershootsOf(trace: Trace, records: Records): Float64Array {
  const nominalNs = blocksByProgram(trace);
  const rowCount = holdCountOf(records);
  const overshootsNs = new Float64Array(rowCount);
  const seen = new Map<number, number>();
  let count = 0;
  for (let row = 0; row < rowCount; row++) {
    if (records.holdU16[row * HOLD_HALVES + HOLD_OP] !== BLOCK) continue;
    const task = records.holdU32[row * HOLD_WORDS + HOLD_TASK] as number;
    const block = seen.get(task) ?? 0;
    const program = trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number;
    const asked = nominalNs.get(program)?.[block];
    if (asked === undefined) continue;
    seen.set(task, block + 1);
    const startNs = records.holdF64[row * HOLD_DOUBLES + HOLD_START] as number;
    overshootsNs[count++] = (records.holdF64[row * HOLD_DOUBLES + HOLD_END] as number) - startNs - asked;
  }
  return overshootsNs.subarray(0, count);
}

/** The nominal lengths of the blocks of each program that has some, in their order. */
function blocksByProgram(trace: Trace): ReadonlyMap<number, readonly number[]> {
  const blocks = new Map<number, number[]>();
  for (let program = 0; program < trace.programCount; program++) {
    const first = trace.programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    const count = trace.programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] as number;
    for (let op = first; op < first + count; op++) {
      if (trace.opU32[op * OP_U32 + OP_CODE] !== BLOCK) continue;
      const own = blocks.get(program) ?? [];
      own.push(trace.opF64[op * OP_F64 + OP_A] as number);
      blocks.set(program, own);
    }
  }
  return blocks;
}
