/**
 * The reference model as a runtime: c workers, one FIFO queue, no overhead, in virtual time.
 *
 * Every report can show how far a live runtime is from it, theory can be checked against it, and the harness
 * can be tested without a clock. It is a reference, not a bound: another queue order may serve a trace better.
 */
import { type OpName, opNames } from "../../workloads/trace/op.ts";
import type { Runtime, RuntimeSettings, RuntimeStats, StartedRuntime } from "../runtime.ts";
import { simulate } from "./model.ts";

/** Raised whenever the model gives other records for the same trace. */
const MODEL_VERSION = "model 2";

export const ideal: Runtime = {
  name: "ideal",
  summary: "reference model in virtual time: one FIFO queue, no overhead",
  workers: "many",
  time: "virtual",
  options: {},
  ops: new Set<OpName>(opNames),
  availability: () => ({ available: true, version: MODEL_VERSION }),
  start: (settings) => Promise.resolve(startModel(settings)),
};

function startModel(settings: RuntimeSettings): StartedRuntime {
  return {
    execute: (): Promise<RuntimeStats> => {
      simulate(settings);
      return Promise.resolve({});
    },
    // Nobody waits in virtual time: execute() has come back before anyone can ask for a stop.
    stop: () => undefined,
  };
}
