/** The memory that the threads of a TypeScript runtime run on together: in the trial, and before it in a rehearsal. */
import type { Trace } from "../workloads/trace/trace.ts";
import { idsOf } from "./ids.ts";
import type { Records } from "./records.ts";
import { allocateTasks, type Tasks } from "./tasks.ts";
import type { QueueMemory } from "./work-stealing/core.ts";
import { DEQUE_CAPACITY, dequeWords } from "./work-stealing/deque.ts";
import { idleWords } from "./work-stealing/idle.ts";
import { injectorWords } from "./work-stealing/injector.ts";

export interface Stage {
  readonly trace: Trace;
  readonly tasks: Tasks;
  readonly records: Records;
  readonly queues: QueueMemory;
  /** What a user's scheduler asked for; empty with the others. */
  readonly shared: Int32Array;
}

/** How many of each a runtime has. */
export interface StagePlan {
  readonly workerCount: number;
  readonly dequeCount: number;
  /** One for all workers, or one a worker. */
  readonly injectorCount: number;
  /** Words for a user's scheduler; absent: none. */
  readonly sharedWords?: ((of: { workerCount: number; idCount: number }) => Int32Array) | undefined;
}

const NO_WORDS = new Int32Array(0);

/** Fresh shared memory beside `trace` and `records`. */
export function allocateStage(trace: Trace, records: Records, plan: StagePlan): Stage {
  const idCount = idsOf(records.shape).end;
  return {
    trace,
    tasks: allocateTasks(trace),
    records,
    queues: allocateQueues({ ...plan, idCount }),
    shared: plan.sharedWords?.({ workerCount: plan.workerCount, idCount }) ?? NO_WORDS,
  };
}

/** Fresh shared words for the queues of `workerCount` workers and ids below `idCount`. */
function allocateQueues(
  of: Pick<StagePlan, "workerCount" | "dequeCount" | "injectorCount"> & { readonly idCount: number },
): QueueMemory {
  const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));
  return {
    injectors: Array.from({ length: of.injectorCount }, () => words(injectorWords(of.idCount))),
    idle: words(idleWords(of.workerCount)),
    deques: Array.from({ length: of.dequeCount }, () => words(dequeWords(DEQUE_CAPACITY))),
  };
}
