/** The contract of a worker pool: what it takes to put the bench's tasks on a package from the registry. */
import type { Task } from "./task.ts";

/**
 * What a pool is to be set up for, because the best settings differ. `short`: tasks so short that handing them
 * over is what counts. `blocking`: tasks behind one that blocks its worker.
 */
export type Load = "short" | "blocking";

export interface OpenPool {
  /** Runs one task on some worker and resolves with what it answered. */
  run(task: Task): Promise<number>;
}

export interface Pool {
  /** As written in flags and reports: the package, with a setting after a colon where it takes part twice. */
  readonly name: string;
  /** As in the registry. */
  readonly packageName: string;
  /** The settings, and why these: where its documentation or a measurement says so. */
  readonly setup: string;
  /**
   * Called once, in a process of its own, which is its end too: the package is imported here, so that no pool
   * loads another's. Resolves when tasks are accepted.
   */
  open(workerCount: number, load: Load): Promise<OpenPool>;
}
