/** What an id stands for that a scheduler is handed: a task, or a canary of one of three kinds. */
import type { RecordsShape } from "./records.ts";

/** Ids below `canaries` are tasks. Of each other kind, the first id. */
export interface Ids {
  /** Injected from outside, as due. */
  readonly canaries: number;
  /** Woken by a timer of the runtime. */
  readonly timers: number;
  /** Spawned by an injected canary, each by its own. */
  readonly locals: number;
  readonly end: number;
}

export function idsOf(shape: Pick<RecordsShape, "taskCount" | "canaryCapacity" | "timerCapacity">): Ids {
  const canaries = shape.taskCount;
  const timers = canaries + shape.canaryCapacity;
  const locals = timers + shape.timerCapacity;
  return { canaries, timers, locals, end: locals + shape.canaryCapacity };
}

/** Polls that canaries of all kinds take at most. */
export function canaryPolls(shape: Pick<RecordsShape, "canaryCapacity" | "timerCapacity">): number {
  return 2 * shape.canaryCapacity + shape.timerCapacity;
}
