/**
 * What `ideal` makes of the traces of a run, beside what was measured, where the run itself has no treatment of it.
 *
 * Its trials are computed here and now, in virtual time: they are what the run would have held, whenever and wherever
 * they are computed, and nothing that was measured is run again.
 */
import { strict as assert } from "node:assert";
import { judgeTrial, type TrialRow } from "../../reports/analyze.ts";
import { ideal } from "../../runtimes/ideal/ideal.ts";
import { simulate } from "../../runtimes/ideal/model.ts";
import { allocateRecords } from "../../runtimes/records.ts";
import { shapeFor } from "../../runtimes/records-room.ts";
import { loadKey } from "../plan/loads.ts";
import type { Plan, PlannedTrial, Treatment, TrialResult } from "../trial/trial.ts";
import type { References } from "./references.ts";

interface Rows {
  readonly plan: Plan;
  readonly rows: readonly TrialRow[];
}

/** The run with the treatments of `ideal` that it lacks, one for every load and number of workers. */
export function withIdeal({ plan, rows }: Rows, references: References): Rows {
  const treatments = missingTreatments(plan);
  if (treatments.length === 0) return { plan, rows };
  const trials = treatments.flatMap((treatment) => trialsOf(treatment, plan));
  const computed = trials.map((planned) => compute(planned, { plan, treatments, references }));
  const isThere = plan.treatments.some(({ runtime }) => runtime === ideal.name);
  const which = treatments.map(({ workload, threads }) => `${workload} at ${threads}`);
  const lacks = isThere
    ? `ideal is no part of the run for ${[...new Set(which)].join(", ")}`
    : "ideal is no part of the run";
  const note = `${lacks}: its trials were computed for this report`;
  return {
    plan: {
      ...plan,
      treatments: [...plan.treatments, ...treatments],
      trials: [...plan.trials, ...trials],
      notes: [...plan.notes, note],
    },
    rows: [...rows, ...computed],
  };
}

function missingTreatments({ treatments }: Plan): Treatment[] {
  const keyOf = (treatment: Treatment, isControl: boolean): string =>
    `${isControl} ${treatment.workerCount} ${loadKey(treatment)}`;
  const known = new Map(
    treatments
      .filter(({ runtime }) => runtime === ideal.name)
      .map((treatment) => [keyOf(treatment, treatment.controlOf !== undefined), treatment.id]),
  );
  const missing: Treatment[] = [];
  for (const treatment of treatments) {
    const isControl = treatment.controlOf !== undefined;
    const key = keyOf(treatment, isControl);
    if (known.has(key)) continue;
    const { workload, parameters, threads, workerCount, noControlBecause } = treatment;
    const id = `${treatment.id}-${ideal.name}`;
    // A control comes after its treatment.
    const of = isControl ? known.get(keyOf(treatment, false)) : undefined;
    known.set(key, id);
    missing.push({
      ...{ id, workload, parameters, runtime: ideal.name, options: {}, runtimeLabel: ideal.name },
      ...{ threads, workerCount },
      ...(of === undefined ? {} : { controlOf: of }),
      ...(noControlBecause === undefined ? {} : { noControlBecause }),
    });
  }
  return missing;
}

function trialsOf(treatment: Treatment, { traces }: Plan): PlannedTrial[] {
  const isControl = treatment.controlOf !== undefined;
  return traces
    .filter((trace) => trace.isControl === isControl && loadKey(trace) === loadKey(treatment))
    .map(({ round, traceHash }) => ({
      ...{ id: `r${round}-${treatment.id}`, treatmentId: treatment.id, round, attempt: 1, traceHash },
    }));
}

function compute(
  planned: PlannedTrial,
  run: { readonly plan: Plan; readonly treatments: readonly Treatment[]; readonly references: References },
): TrialRow {
  const { traceHash } = planned;
  const { coreCount, unitNs } = run.plan;
  const treatment = run.treatments.find(({ id }) => id === planned.treatmentId);
  assert(treatment !== undefined, `trial ${planned.id} has no treatment ${planned.treatmentId}`);
  const trace = run.references.traceOf(traceHash);
  const { workerCount } = treatment;
  const records = allocateRecords(shapeFor(trace, workerCount));
  simulate({ trace, records, workerCount, coreCount, unitNs });
  const expected = run.references.expectedOf(trace, traceHash);
  return judgeTrial({
    planned,
    treatment,
    result: completed(),
    traceHash,
    coreCount,
    onNoise: run.plan.onNoise,
    tookNs: 0,
    trace,
    records,
    expected,
  });
}

function completed(): TrialResult {
  const availability = ideal.availability();
  assert(availability.available, "ideal needs nothing that could be missing");
  return {
    outcome: "completed",
    startupNs: 0,
    facts: {
      runtimeVersion: availability.version,
      runtimeStats: {},
      ending: "all-ended",
      runtimeReturned: true,
      resources: null,
      sensors: null,
      peer: null,
    },
  };
}
