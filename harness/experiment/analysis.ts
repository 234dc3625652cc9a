/** From a run on disk to its result document: the same way while measuring, resuming and verifying. */
import { strict as assert } from "node:assert";
import { join } from "node:path";
import { judgeTrial, type TrialEvidence, type TrialRow } from "../../reports/analyze.ts";
import { possibleTrials } from "../../reports/attempts.ts";
import { formats } from "../../reports/formats/catalog.ts";
import { type Picture, pictureOf } from "../../reports/lanes.ts";
import { assembleReport, type ResultDocument } from "../../reports/report.ts";
import { DamageError } from "../store/damage-error.ts";
import { committedTrials, readTrial, trialFolder } from "../store/store.ts";
import { readRecords } from "../trial/seal.ts";
import type { Environment, Plan, PlannedTrial } from "../trial/trial.ts";
import { type References, readReferences } from "./references.ts";
import { constantRun } from "./run.ts";
import { withIdeal } from "./with-ideal.ts";

/** The document of what is complete in a run. Writes nothing. */
export function analyzeStored(
  run: string,
  { plan, environment }: { plan: Plan; environment: Environment },
  references: References = readReferences(run),
): ResultDocument {
  return documentOf({ plan, environment, rows: judgeCommitted(run, plan, references) });
}

/** The same beside what `ideal` makes of the run's traces, where the run has no treatment of it. */
export function analyzeWithIdeal(
  run: string,
  { plan, environment }: { plan: Plan; environment: Environment },
): ResultDocument {
  const references = readReferences(run);
  const rows = judgeCommitted(run, plan, references);
  return documentOf({ ...withIdeal({ plan, rows }, references), environment });
}

/** The trials that are complete, judged, in the document's order. */
export function judgeCommitted(run: string, plan: Plan, references: References): TrialRow[] {
  return committedOf(run, plan).map((planned) => judgeStored(run, { plan, planned, references }));
}

/** The trials that are complete, further attempts among them, in the document's order. */
export function committedOf(run: string, plan: Plan): PlannedTrial[] {
  const committed = committedTrials(run);
  return possibleTrials(plan).filter(({ id }) => committed.has(id));
}

/** Where a trial of a run stands in its plan, and what it is judged against. */
interface Place {
  readonly plan: Plan;
  readonly planned: PlannedTrial;
  readonly references: References;
}

/** Judges a trial from its folder. Throws a DamageError where that is not what was written. */
export function judgeStored(run: string, place: Place): TrialRow {
  return judgeTrial(readEvidence(run, place));
}

/** One complete trial as a picture, by its id or its place in the document from 1; null: there is none. */
export function pictureStored(run: string, plan: Plan, trial: string): Picture | null {
  const trials = committedOf(run, plan);
  const planned = trials.find(({ id }, index) => id === trial || String(index + 1) === trial);
  if (planned === undefined) return null;
  return pictureOf(readEvidence(run, { plan, planned, references: readReferences(run) }));
}

function readEvidence(run: string, { plan, planned, references }: Place): TrialEvidence {
  const { result, tookNs } = readTrial(run, planned.id);
  const treatment = plan.treatments.find(({ id }) => id === planned.treatmentId);
  assert(treatment !== undefined, `trial ${planned.id} has no treatment ${planned.treatmentId}`);
  const { traceHash } = planned;
  const evidence = {
    planned,
    treatment,
    result,
    tookNs,
    traceHash,
    coreCount: plan.coreCount,
    onNoise: plan.onNoise,
  };
  if (result.outcome !== "completed") return { ...evidence, trace: null, records: null, expected: null };
  const trace = references.traceOf(traceHash);
  const path = join(trialFolder(run, planned.id), "records.bin");
  const read = readRecords(path);
  if ("damage" in read) throw new DamageError([`trials/${planned.id}/records.bin: ${read.damage}`]);
  const expected = references.expectedOf(trace, traceHash);
  return { ...evidence, trace, records: read.records, expected };
}

/** The document of the trials judged so far. */
export function documentOf(parts: {
  readonly plan: Plan;
  readonly environment: Environment;
  readonly rows: readonly TrialRow[];
}): ResultDocument {
  const { plan, environment, rows } = parts;
  const isWhole = constantRun(plan)(rows).kind === "done";
  const state = !isWhole ? "partial" : rows.some(({ valid }) => valid) ? "complete" : "failed";
  const places = new Map(possibleTrials(plan).map(({ id }, place) => [id, place]));
  const placeOf = ({ id }: TrialRow): number => {
    const place = places.get(id);
    assert(place !== undefined, `trial ${id} is none of the plan's`);
    return place;
  };
  const trials = rows.toSorted((a, b) => placeOf(a) - placeOf(b));
  return assembleReport({ state, environment, plan, trials });
}

/** What result.json holds, and what `--format json` prints: the same document gives the same text. */
export function resultText(document: ResultDocument): string {
  const json = formats.find(({ name }) => name === "json");
  assert(json !== undefined, "json is a format");
  return json.render(document, { color: false, width: Number.POSITIVE_INFINITY });
}
