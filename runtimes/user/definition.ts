/**
 * The package export `isoload/runtime`: a scheduler of your own, measured like the others.
 *
 * You say which ready id is polled next. Workers, releases, timers, sockets, waiting and waking, the steps of the
 * tasks and the records are ours, the same as for every TypeScript runtime. A module that default-exports a
 * definition is a runtime: `isoload run -r ./mine.mjs`.
 */
import type { ParameterTable, ParameterValues } from "../../workloads/parameter.ts";

export {
  choice,
  count,
  type Parameter,
  type ParameterTable,
  type ParameterValues,
  quantity,
} from "../../workloads/parameter.ts";

/** A runtime that only schedules. Loaded in several threads, so it must not depend on state of its module. */
export interface RuntimeDefinition {
  /** Shown beside the path by which the module was named. */
  readonly name: string;
  /** One sentence on what it does. */
  readonly summary: string;
  /** `one`: it always gets a single worker; `many`: as many as the plan says. */
  readonly workers: "one" | "many";
  /** Options after the colon, e.g. `./mine.mjs:depth=3`. */
  readonly options?: ParameterTable;
  /** Words of memory that the workers share; absent: they share nothing but what comes from outside. */
  sharedWordCount?(of: SharedBy): number;
  /**
   * Called on each worker's thread: for a rehearsal with the other workers, for warm-ups alone, and then for the
   * trial, each time with memory of its own.
   */
  makeScheduler(settings: WorkerSettings): WorkerScheduler;
}

export interface SharedBy {
  readonly workerCount: number;
  /** Ids are whole numbers below this. */
  readonly idCount: number;
  /** What was given after the colon, checked against the table, defaults filled in. */
  readonly options: ParameterValues;
}

export interface WorkerSettings extends SharedBy {
  /** From 0. */
  readonly worker: number;
  /**
   * The memory of `sharedWordCount`, zero at first. An id that is handed to another worker must pass through
   * `Atomics`: they order what was written about its task before.
   */
  readonly shared: Int32Array;
  /**
   * Takes the oldest id that came from outside, or -1. All workers take from one queue, and any of them may be woken
   * for it: one that never takes may sleep beside it while the id waits.
   */
  takeInjected(): number;
  /** Wakes `worker` if it waits. Called after an id was published for it in shared memory; costs a load otherwise. */
  wake(worker: number): void;
}

/** Why an id is ready: what it waited for has come, its parent spawned it, or it lets others go first. */
export type ReadyCause = "woken" | "spawned" | "yielded";

/**
 * The scheduler of one worker. An id stands for a task, or for a canary that tells how long ready work waits; each
 * must be polled once every time it became ready. Whatever is lost, repeated or polled too early shows in the
 * records, and the trial is refused.
 */
export interface WorkerScheduler {
  /** `id` is ready from now on. Called on this worker, between polls or within one: a poll that spawns goes on. */
  ready(id: number, cause: ReadyCause): void;
  /**
   * The id that this worker polls now, or -1: it has nothing to do. Then it is asked once more and waits until an
   * id comes from outside, a timer fires, a reply arrives or somebody wakes it; after each of them it is asked anew.
   */
  next(): number;
}

/** Gives a definition its types; the value stays as it is. */
export function defineRuntime(definition: RuntimeDefinition): RuntimeDefinition {
  return definition;
}
