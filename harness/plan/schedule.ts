/** From a draft to a plan: the traces of every round, and the trials in the order they will run. */
import { strict as assert } from "node:assert";
import { build } from "../../workloads/trace/build.ts";
import { controlTraceOf } from "../../workloads/trace/control.ts";
import { type Random, randomStream } from "../../workloads/trace/random.ts";
import { hashOf, type Trace } from "../../workloads/trace/trace.ts";
import type { Workload } from "../../workloads/workload.ts";
import { PLAN_VERSION } from "../store/stored.ts";
import type { Plan, PlannedTrace, PlannedTrial, Treatment } from "../trial/trial.ts";
import { isoloadVersion } from "../trial/version.ts";
import { type Load, loadKey } from "./loads.ts";
import type { PlanDraft } from "./plan.ts";

export interface BuiltTrace {
  readonly trace: Trace;
  readonly planned: PlannedTrace;
}

/** Builds the draft's traces one at a time; the caller keeps what it needs and drops the rest. */
export function* buildTraces(draft: PlanDraft): Generator<BuiltTrace> {
  const controlled = controlledLoads(draft);
  for (const load of draft.loads) {
    for (let round = 0; round < draft.roundCount; round++) {
      const seed = draft.seed + round;
      const trace = build(load.composition, seed, { periodNs: draft.canaryPeriodNs });
      yield planTrace(load, { trace, round, seed, isControl: false });
      if (!controlled.has(loadKey(load))) continue;
      yield planTrace(load, { trace: controlTraceOf(trace), round, seed, isControl: true });
    }
  }
}

/** How many traces the draft comes to. */
export function traceCountOf(draft: PlanDraft): number {
  return draft.roundCount * (draft.loads.length + controlledLoads(draft).size);
}

/** The keys of the loads that some treatment executes as a control. */
function controlledLoads({ treatments }: PlanDraft): ReadonlySet<string> {
  return new Set(treatments.filter(({ controlOf }) => controlOf !== undefined).map(loadKey));
}

function planTrace(
  { workload, parameters }: Load,
  { trace, round, seed, isControl }: { trace: Trace; round: number; seed: number; isControl: boolean },
): BuiltTrace {
  const { taskCount, opCount } = trace;
  const traceHash = hashOf(trace);
  return { trace, planned: { traceHash, workload, parameters, isControl, round, seed, taskCount, opCount } };
}

/** The plan, given its traces and the measured cost of a kernel unit. */
export function schedule(draft: PlanDraft, traces: readonly PlannedTrace[], unitNs: number): Plan {
  const { seed, roundCount, durationNs, canaryPeriodNs, onNoise, coreCount, treatments, notes } = draft;
  const keyOf = (load: PlannedTrace | Treatment, round: number, isControl: boolean): string =>
    `${round} ${isControl} ${loadKey(load)}`;
  const hashes = new Map(
    traces.map((trace) => [keyOf(trace, trace.round, trace.isControl), trace.traceHash]),
  );
  const random = randomStream(seed, "order");
  const trials = Array.from({ length: roundCount }, (_, round) =>
    shuffled(treatments, random).map((treatment): PlannedTrial => {
      const traceHash = hashes.get(keyOf(treatment, round, treatment.controlOf !== undefined));
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
  planned: Pick<PlannedTrace, "workload" | "parameters" | "seed" | "isControl">,
  workloads: readonly Workload[],
): { trace: Trace } | { wrong: string } {
  const workload = workloads.find(({ name }) => name === planned.workload);
  if (workload === undefined) return { wrong: `this isoload has no workload ${planned.workload}` };
  const composition = workload.describe(planned.parameters, plan.durationNs);
  if ("misfit" in composition) return { wrong: composition.misfit };
  const trace = build(composition, planned.seed, { periodNs: plan.canaryPeriodNs });
  return { trace: planned.isControl ? controlTraceOf(trace) : trace };
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
