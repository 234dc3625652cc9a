/**
 * What the workers of a TypeScript runtime share about the tasks of a trace, beside the records.
 *
 * A task is owned by the worker that polls it. Whoever makes it ready writes its row before handing its id on
 * through a queue; the queue's atomics order the two. The atomics here decide races between several releasers.
 */
import { STATE_WORDS } from "../workloads/trace/step.ts";
import {
  NO_DUE,
  NONE,
  successorsOf,
  TASK_AFTER,
  TASK_DUE,
  TASK_F64,
  TASK_U32,
  type Trace,
} from "../workloads/trace/trace.ts";

export interface Tasks {
  /** Program counter and checksum of each task; see `Stepper`. */
  readonly states: Int32Array;
  /** Result of the op a task is suspended in, for its next step. */
  readonly results: Int32Array;
  /** When a suspended task could go on. */
  readonly readyNs: Float64Array;
  /** The task released by each task's end, or NONE. */
  readonly successors: Uint32Array;
  /** Conditions a task still waits for: its due time and its predecessor. Whoever brings it to 0 submits it. */
  readonly gates: Int32Array;
  /** JOIN_RUNNING, JOIN_ENDED or JOIN_AWAITED, by child. */
  readonly joins: Int32Array;
  /** Children a parent in `join` still waits for, plus one while it is still counting. */
  readonly pendingJoins: Int32Array;
}

export const JOIN_RUNNING = 0;
export const JOIN_ENDED = 1;
export const JOIN_AWAITED = 2;

/** Fresh shared rows for all tasks of `trace`. */
export function allocateTasks(trace: Trace): Tasks {
  const rows = Math.max(1, trace.taskCount);
  const words = (perRow: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * perRow * rows));
  const gates = words(1);
  for (let task = 0; task < trace.taskCount; task++) {
    const isDue = trace.taskF64[task * TASK_F64 + TASK_DUE] !== NO_DUE;
    const follows = trace.taskU32[task * TASK_U32 + TASK_AFTER] !== NONE;
    gates[task] = (isDue ? 1 : 0) + (follows ? 1 : 0);
  }
  return {
    states: words(STATE_WORDS),
    results: words(1),
    readyNs: new Float64Array(new SharedArrayBuffer(8 * rows)),
    successors: successorsOf(trace),
    gates,
    joins: words(1),
    pendingJoins: words(1),
  };
}

/** The same trace with its bytes in shared memory, so that threads that are handed it read one copy. */
export function sharedTrace(trace: Trace): Trace {
  const { bytes } = trace;
  if (bytes.buffer instanceof SharedArrayBuffer) return trace;
  const buffer = new SharedArrayBuffer(bytes.length);
  const shared = new Uint8Array(buffer);
  shared.set(bytes);
  const words = ({ byteOffset, length }: Uint32Array): Uint32Array =>
    new Uint32Array(buffer, byteOffset - bytes.byteOffset, length);
  const doubles = ({ byteOffset, length }: Float64Array): Float64Array =>
    new Float64Array(buffer, byteOffset - bytes.byteOffset, length);
  return {
    ...trace,
    bytes: shared,
    taskF64: doubles(trace.taskF64),
    taskU32: words(trace.taskU32),
    programU32: words(trace.programU32),
    opF64: doubles(trace.opF64),
    opU32: words(trace.opU32),
  };
}
