/** Runtimes for tests that never start one: what a plan needs to know of them. */

import type { Runtime } from "../../runtimes/runtime.ts";
import { choice } from "../../workloads/parameter.ts";
import { opNames } from "../../workloads/trace/op.ts";
import type { Cores } from "./cores.ts";

function fake(name: string, difference: Partial<Runtime> = {}): Runtime {
  return {
    name,
    summary: `stands for ${name}`,
    workers: "many",
    time: "live",
    options: {},
    ops: new Set(opNames),
    availability: () => ({ available: true, version: "1" }),
    start: () => Promise.reject(new Error("a fake runtime is never started")),
    ...difference,
  };
}

export const fakeRuntimes: readonly Runtime[] = [
  fake("ideal", { time: "virtual" }),
  fake("single-thread", { workers: "one" }),
  fake("work-stealing", { options: { lifo: choice("whether it has a LIFO slot", ["on", "off"]) } }),
  fake("native", { availability: () => ({ available: false, reason: "the addon is not built" }) }),
];

export const twoCores: Cores = { count: 2, source: "affinity", quotaCpus: null };
