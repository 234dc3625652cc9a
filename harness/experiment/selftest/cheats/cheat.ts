/**
 * The contract of a cheat: a way in which a runtime could make itself look better than it is.
 *
 * Each is an honest work-stealing scheduler that is told something else, is tampered with in its workers' threads,
 * or has its records rewritten before they are sealed. What isoload must say of it stands beside it.
 *
 * A cheat that nobody can see from within its own process is none of these: one that rewrites the witness's ticks,
 * which are memory of that process, too; one whose threads burn as much CPU as the work takes, to no purpose, while
 * their counters follow a model in real time; a rest that is called work, or a canary that waited in one worker's
 * queue and is said to have run on another that rested; and whatever stays within the tolerances: 20 µs a stamp,
 * 5 % of the tasks in flight, half of what CPU work takes. A user's scheduler is handed neither stamps nor records.
 */
import type { RuntimeSettings } from "../../../../runtimes/runtime.ts";
import type { LoopSettings } from "../../../../runtimes/thread.ts";
import { decodeTrace, OP_CODE, OP_U32, type Trace } from "../../../../workloads/trace/trace.ts";

export interface Cheat {
  /** The value of the option `cheat` by which the runtime does it. */
  readonly name: string;
  /** One sentence: what it does, and what it would gain. */
  readonly does: string;
  /** What the trial must come to: its work is not what was planned, or its records contradict what the witness saw. */
  readonly outcome: "diverged" | "completed";
  /** What one of the reasons must say. */
  readonly because: RegExp;
  /** What the honest scheduler is started with, in place of what it should be. */
  told?(settings: RuntimeSettings): RuntimeSettings;
  /** When its workers are up and wait for the epoch. */
  onceStarted?(settings: RuntimeSettings): void;
  /** In the thread of each worker, before its first poll. */
  inWorker?(settings: LoopSettings): void;
  /** After the last worker has left, and before the records are sealed. */
  afterwards?(settings: RuntimeSettings): Promise<void> | void;
}

/** A copy of `trace` with something changed. */
export function retold(trace: Trace, change: (copy: Trace) => void): Trace {
  const decoded = decodeTrace(trace.bytes.slice());
  if ("damage" in decoded) throw new Error(decoded.damage);
  change(decoded.trace);
  return decoded.trace;
}

/** A copy of `trace` with something changed in every op of one kind. */
export function withOps(trace: Trace, code: number, change: (copy: Trace, op: number) => void): Trace {
  return retold(trace, (copy) => {
    for (let op = 0; op < copy.opCount; op++) {
      if (copy.opU32[op * OP_U32 + OP_CODE] === code) change(copy, op);
    }
  });
}
