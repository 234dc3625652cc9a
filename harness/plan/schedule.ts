/** From a draft to a plan: the traces of every round, and the trials in the order they will run. */
import { strict as assert } from "node:assert";
import type { ParameterValues } from "../../workloads/parameter.ts";
import { build } from "../../workloads/trace/build.ts";
import { type Random, randomStream } from "../../workloads/trace/random.ts";
import { hashOf, type Trace } from "../../workloads/trace/trace.ts";
import type { Workload } from "../../workloads/workload.ts";
import { PLAN_VERSION } from "../store/stored.ts";
import type { Plan, PlannedTrace, PlannedTrial } from "../trial/trial.ts";
import { isoloadVersion } from "../trial/version.ts";
import { loadKey } from "./loads.ts";
import type { PlanDraft } from "./plan.ts";

export interface BuiltTrace {
  readonly trace: Trace;
  readonly planned: PlannedTrace;
}

/** Builds the draft's traces one at a time; the caller keeps what it needs and drops the rest. */
export function* buildTraces(draft: PlanDraft): Generator<BuiltTrace> {
  for (const { workload, parameters, composition } of draft.loads) {
    for (let round = 0; round < draft.roundCount; round++) {
      const seed = draft.seed + round;
      const trace = build(composition, seed, { periodNs: draft.canaryPeriodNs });
      const { taskCount, opCount } = trace;
      const traceHash = hashOf(trace);
      yield { trace, planned: { traceHash, workload, parameters, round, seed, taskCount, opCount } };
    }
  }
}

/** The plan, given its traces and the measured cost of a kernel unit. */
export function schedule(draft: PlanDraft, traces: readonly PlannedTrace[], unitNs: number): Plan {
  const { seed, roundCount, durationNs, canaryPeriodNs, onNoise, coreCount, treatments, notes } = draft;
  const hashes = new Map(traces.map((trace) => [`${trace.round} ${loadKey(trace)}`, trace.traceHash]));
  const random = randomStream(seed, "order");
  const trials = Array.from({ length: roundCount }, (_, round) =>
    shuffled(treatments, random).map((treatment): PlannedTrial => {
      const traceHash = hashes.get(`${round} ${loadKey(treatment)}`);
      assert(traceHash !== undefined, `no trace of ${treatment.workload} for round ${round}`);
      return { id: `r${round}-${treatment.id}`, treatmentId: treatment.id, round, attempt: 1, traceHash };
    }),
  ).flat();
  return {
    planVersion: PLAN_VERSION,
    isoloadVersion,
    ...{ seed, roundCount, durationNs, canaryPeriodNs, onNoise, coreCount, unitNs },
    ...{ treatments, traces, trials, notes },
  };
}

/** The trace that `planned` promises, built from the plan; or why it cannot be. */
export function rebuildTrace(
  plan: Plan,
  planned: { workload: string; parameters: ParameterValues; seed: number },
  workloads: readonly Workload[],
): { trace: Trace } | { wrong: string } {
  const workload = workloads.find(({ name }) => name === planned.workload);
  if (workload === undefined) return { wrong: `this isoload has no workload ${planned.workload}` };
  const composition = workload.describe(planned.parameters, plan.durationNs);
  if ("misfit" in composition) return { wrong: composition.misfit };
  return { trace: build(composition, planned.seed, { periodNs: plan.canaryPeriodNs }) };
}

/** Fisher and Yates, in Durstenfeld's form. */
function shuffled<Value>(values: readonly Value[], random: Random): Value[] {
  const order = [...values];
  for (let last = order.length - 1; last > 0; last--) {
    const pick = Math.floor(random.next() * (last + 1));
    [order[last], order[pick]] = [order[pick] as Value, order[last] as Value];
  }
  return order;
}
