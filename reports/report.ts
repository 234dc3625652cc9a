/** The result document: everything a run says, as one plain value. Formats render it, `schema.ts` describes it. */
import { strict as assert } from "node:assert";
import type { Environment, Plan, PlannedTrace, Treatment } from "../harness/trial/trial.ts";
import type { ParameterValues } from "../workloads/parameter.ts";
import type { TrialRow } from "./analyze.ts";
import { type Compared, type Degradation, degradationOf } from "./degradation.ts";
import { type Distance, distancesFromIdeal } from "./distance.ts";
import { type Estimate, estimateOf } from "./estimate.ts";
import { fileMetrics, leafOf, type MetricTree } from "./metrics/tree.ts";
import { type Refusals, refusalsOf } from "./refusals.ts";
import { type Why, whyOfWorst } from "./why.ts";

export const SCHEMA_VERSION = 3;

export type ReportState = "complete" | "partial" | "failed";

export interface ResultDocument {
  readonly schemaVersion: typeof SCHEMA_VERSION;
  readonly state: ReportState;
  readonly environment: Environment;
  readonly plan: PlanRow;
  readonly traces: readonly TraceRow[];
  readonly treatments: readonly TreatmentRow[];
  readonly trials: readonly TrialRow[];
  readonly cells: readonly Cell[];
  readonly refusals: Refusals;
  /** How far each treatment is from `ideal`, where `ideal` has a valid trial on its traces with as many workers. */
  readonly distances: readonly Distance[];
}

/** The plan, without what has its own place in the document. */
export interface PlanRow extends Omit<Plan, "treatments" | "traces" | "trials"> {
  /** Trials that were planned; a partial run has fewer of them. */
  readonly trialCount: number;
}

/** A trace as it was planned. */
export type TraceRow = PlannedTrace;

export interface TreatmentRow {
  readonly id: string;
  readonly workload: string;
  readonly parameters: ParameterValues;
  /** As typed, with its options. */
  readonly runtime: string;
  readonly threads: string;
  readonly workerCount: number;
  /** The treatment whose control this is; null: it is nobody's. */
  readonly controlOf: string | null;
}

/** A treatment over its valid trials. */
export interface Cell {
  readonly treatmentId: string;
  readonly workload: string;
  readonly runtime: string;
  readonly threads: string;
  readonly workerCount: number;
  /** Valid trials. */
  readonly n: number;
  /** Trials that were run, further attempts included. */
  readonly attemptCount: number;
  /** Of these the ones refused for noise. */
  readonly refusedCount: number;
  readonly metrics: MetricTree<Estimate>;
  /** Against the same work without blocking. */
  readonly degradation: Degradation;
  /** Why ready work waited, by the trial with the longest episode over 10 ms; null: there was none. */
  readonly why: Why | null;
}

export interface ReportParts {
  readonly state: ReportState;
  readonly environment: Environment;
  readonly plan: Plan;
  readonly trials: readonly TrialRow[];
}

/** Puts the document together. Every number in it is finite. */
export function assembleReport({ state, environment, plan, trials }: ReportParts): ResultDocument {
  const refusals = refusalsOf(plan, trials);
  const document: ResultDocument = {
    schemaVersion: SCHEMA_VERSION,
    state,
    environment,
    plan: planRow(plan),
    traces: plan.traces.map(traceRow),
    treatments: plan.treatments.map(treatmentRow),
    trials,
    cells: plan.treatments.map((treatment) =>
      cellOf(treatment, { treatments: plan.treatments, trials, unequal: refusals.unequal }),
    ),
    refusals,
    distances: distancesFromIdeal(
      plan.treatments.map(({ id }) => id),
      trials,
    ),
  };
  assertFinite(document, "document");
  return document;
}

function planRow(plan: Plan): PlanRow {
  return {
    planVersion: plan.planVersion,
    isoloadVersion: plan.isoloadVersion,
    seed: plan.seed,
    roundCount: plan.roundCount,
    durationNs: plan.durationNs,
    canaryPeriodNs: plan.canaryPeriodNs,
    onNoise: plan.onNoise,
    coreCount: plan.coreCount,
    unitNs: plan.unitNs,
    trialCount: plan.trials.length,
    notes: plan.notes,
  };
}

function traceRow(trace: PlannedTrace): TraceRow {
  const { workload, parameters, isControl, round, seed, traceHash, taskCount, opCount } = trace;
  return { workload, parameters, isControl, round, seed, traceHash, taskCount, opCount };
}

function treatmentRow(treatment: Treatment): TreatmentRow {
  const { id, workload, parameters, runtimeLabel, threads, workerCount, controlOf = null } = treatment;
  return { id, workload, parameters, runtime: runtimeLabel, threads, workerCount, controlOf };
}

function cellOf(treatment: Treatment, compared: Compared): Cell {
  const attempts = compared.trials.filter((trial) => trial.treatmentId === treatment.id);
  const valid = attempts.filter((trial) => trial.valid);
  const trees = valid.flatMap(({ metrics }) => (metrics === null ? [] : [metrics]));
  return {
    treatmentId: treatment.id,
    workload: treatment.workload,
    runtime: treatment.runtimeLabel,
    threads: treatment.threads,
    workerCount: treatment.workerCount,
    n: trees.length,
    attemptCount: attempts.length,
    refusedCount: attempts.filter(({ refusal }) => refusal === "noise").length,
    metrics: fileMetrics(({ name }) =>
      estimateOf(trees.map((tree) => leafOf(tree, name)).filter((figure) => figure !== null)),
    ),
    degradation: degradationOf(treatment, compared),
    why: whyOfWorst(valid),
  };
}

/** NaN and Infinity would become null in a file, without a word. */
function assertFinite(value: unknown, where: string): void {
  if (typeof value === "number") assert(Number.isFinite(value), `${where} is ${value}`);
  else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) assertFinite(inner, `${where}.${key}`);
  }
}
