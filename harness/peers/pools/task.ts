/** The task of all pools: what a worker of theirs runs. */

import { monotonicNs } from "../../../runtimes/clock.ts";
import { burn, fold } from "../../../workloads/trace/kernel.ts";
import { CPU } from "../../../workloads/trace/op.ts";
import { opSeed } from "../../../workloads/trace/trace.ts";

/** A seed: an ordinary task. A hold: its worker waits until `gate` is opened, at most `limitMs`. */
export type Task = number | { readonly gate: Int32Array; readonly limitMs: number };

/** Kernel units an ordinary task burns. In the environment, which threads inherit, so that a task is one number. */
export const UNITS_VARIABLE = "ISOLOAD_PEERS_UNITS";

const units = Number(process.env[UNITS_VARIABLE]);

/** Answers the checksum of an ordinary task, and when a hold ended. */
export function perform(task: Task): number {
  if (typeof task === "number") {
    return units === 0 ? task : fold(fold(task, CPU), burn(opSeed(task, 0), units));
  }
  Atomics.wait(task.gate, 0, 0, task.limitMs);
  return monotonicNs();
}
