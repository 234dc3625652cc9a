/** A trace as it was lived: every block is as long as one trial measured it. What is due when stays as it was. */
import {
  HOLD_DOUBLES,
  HOLD_END,
  HOLD_HALVES,
  HOLD_OP,
  HOLD_START,
  HOLD_TASK,
  HOLD_WORDS,
  holdCountOf,
} from "../../../reports/rows.ts";
import type { Records } from "../../../runtimes/records.ts";
import { BLOCK } from "../../../workloads/trace/op.ts";
import {
  allocateTrace,
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
} from "../../../workloads/trace/trace.ts";

/** Every task gets a program of its own. A block that never ended keeps its planned length. */
export function withMeasuredBlocks(trace: Trace, records: Records): Trace {
  const lengthsNs = blockLengthsNs(records);
  const opCountOf = (task: number): number => programWord(trace, programOf(trace, task), PROGRAM_OP_COUNT);
  let opCount = 0;
  for (let task = 0; task < trace.taskCount; task++) opCount += opCountOf(task);
  const lived = allocateTrace({ ...trace, programCount: trace.taskCount, opCount });
  lived.taskF64.set(trace.taskF64);
  lived.taskU32.set(trace.taskU32);
  let next = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    const from = programWord(trace, programOf(trace, task), PROGRAM_FIRST_OP);
    const count = opCountOf(task);
    lived.opF64.set(trace.opF64.subarray(from * OP_F64, (from + count) * OP_F64), next * OP_F64);
    lived.opU32.set(trace.opU32.subarray(from * OP_U32, (from + count) * OP_U32), next * OP_U32);
    setBlocks(lived, { from: next, to: next + count }, lengthsNs.get(task) ?? []);
    lived.programU32[task * PROGRAM_U32 + PROGRAM_FIRST_OP] = next;
    lived.programU32[task * PROGRAM_U32 + PROGRAM_OP_COUNT] = count;
    lived.taskU32[task * TASK_U32 + TASK_PROGRAM] = task;
    next += count;
  }
  return lived;
}

function programOf(trace: Trace, task: number): number {
  return trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number;
}

function programWord(trace: Trace, program: number, word: number): number {
  return trace.programU32[program * PROGRAM_U32 + word] as number;
}

/** The k-th block among these ops takes the k-th length. */
function setBlocks(
  { opF64, opU32 }: Trace,
  { from, to }: { readonly from: number; readonly to: number },
  lengthsNs: readonly number[],
): void {
  let block = 0;
  for (let op = from; op < to; op++) {
    if (opU32[op * OP_U32 + OP_CODE] !== BLOCK) continue;
    const lengthNs = lengthsNs[block++];
    if (lengthNs !== undefined) opF64[op * OP_F64 + OP_A] = lengthNs;
  }
}

/** By task, how long its blocks held a worker, in the order in which they did. */
function blockLengthsNs(records: Records): Map<number, number[]> {
  const holds: { readonly task: number; readonly startNs: number; readonly lengthNs: number }[] = [];
  for (let row = 0; row < holdCountOf(records); row++) {
    if (records.holdU16[row * HOLD_HALVES + HOLD_OP] !== BLOCK) continue;
    const startNs = records.holdF64[row * HOLD_DOUBLES + HOLD_START] as number;
    const endNs = records.holdF64[row * HOLD_DOUBLES + HOLD_END] as number;
    const task = records.holdU32[row * HOLD_WORDS + HOLD_TASK] as number;
    holds.push({ task, startNs, lengthNs: endNs - startNs });
  }
  holds.sort((a, b) => a.startNs - b.startNs);
  const byTask = new Map<number, number[]>();
  for (const { task, lengthNs } of holds) {
    const lengths = byTask.get(task);
    if (lengths === undefined) byTask.set(task, [lengthNs]);
    else lengths.push(lengthNs);
  }
  return byTask;
}
