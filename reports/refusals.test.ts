import { expect, test } from "vitest";
import type { PlannedTrial, Treatment } from "../harness/trial/trial.ts";
import type { Refusal, TrialRow } from "./analyze.ts";
import { environment, planOf } from "./fixtures/document.ts";
import { csv } from "./formats/csv.ts";
import { markdown } from "./formats/markdown.ts";
import { overviewOf } from "./formats/overview.ts";
import { table } from "./formats/table.ts";
import { refusalsOf } from "./refusals.ts";
import { assembleReport, type ResultDocument } from "./report.ts";
import { parseResult } from "./schema.ts";

const sample = planOf();
const base = sample.treatments[2] as Treatment;
const traceHash = sample.trials[2]?.traceHash ?? "";
const named = (id: string, runtime: string, more: Partial<Treatment> = {}): Treatment => ({
  ...base,
  ...more,
  ...{ id, runtime, runtimeLabel: runtime },
});

const ROUNDS = 5;
const treatments = [named("t0", "native"), named("t1", "work-stealing"), named("t2", "ideal")];
const planned = (id: string, round: number): PlannedTrial => ({
  ...{ id: `r${round}-${id}`, treatmentId: id, round, attempt: 1, traceHash },
});
const rounds = Array.from({ length: ROUNDS }, (_, round) => round);
const plan = {
  ...sample,
  treatments,
  trials: rounds.flatMap((round) => treatments.map(({ id }) => planned(id, round))),
};

/** A trial without figures, valid or refused. */
function row(trial: PlannedTrial, refusal: Refusal | null, because = "others took 1.9 cores"): TrialRow {
  const treatment = treatments.find(({ id }) => id === trial.treatmentId) as Treatment;
  return {
    ...trial,
    ...{ tookNs: 1e9, workload: treatment.workload, runtime: treatment.runtimeLabel, threads: "1" },
    ...{ workerCount: 1, outcome: refusal === "failure" ? "crashed" : "completed" },
    ...{ valid: refusal === null, invalidBecause: refusal === null ? [] : [because], refusal, warnings: [] },
    ...{ resultHash: null, counts: null, metrics: null, sensors: null, episodes: null, classes: null },
    ...{ runtimeStats: null, timeline: null },
  };
}

/** As many of a treatment's first attempts as are told are refused, from the first round on. */
function rowsOf(refused: Readonly<Record<string, number>>, refusal: Refusal = "noise"): TrialRow[] {
  return plan.trials.map((trial) =>
    row(trial, trial.round < (refused[trial.treatmentId] ?? 0) ? refusal : null),
  );
}

const again = (trial: TrialRow, attempt: number, refusal: Refusal | null, because?: string): TrialRow =>
  row(
    { ...planned(trial.treatmentId, trial.round), id: `${trial.id}-a${attempt}`, attempt },
    refusal,
    because,
  );

function documentOf(trials: readonly TrialRow[]): ResultDocument {
  return assembleReport({ state: "complete", environment, plan, trials });
}

test("treatments that are refused unequally often cannot be compared", () => {
  expect(refusalsOf(plan, rowsOf({ t0: 5 })).unequal).toEqual([
    {
      treatmentIds: ["t0", "t1"],
      refusedCounts: [5, 0],
      trialCounts: [5, 5],
      p: expect.closeTo(2 / 252, 12),
    },
  ]);
  const [warning] = overviewOf(documentOf(rowsOf({ t0: 5 }))).warnings;
  expect(warning).toBe(
    "refusals differ between closed on native, threads 1 (5 of 5) and closed on work-stealing, threads 1 (0 of 5), p = 0.00794: a comparison of them is inconclusive",
  );
});

test("what may be chance is passed over, and so is a noisy machine that spares no one", () => {
  expect(refusalsOf(plan, rowsOf({ t0: 3 })).unequal).toEqual([]);
  expect(refusalsOf(plan, rowsOf({ t0: 5, t1: 5 })).unequal).toEqual([]);
});

test("a crash is no refusal", () => {
  expect(refusalsOf(plan, rowsOf({ t0: 5 }, "failure")).unequal).toEqual([]);
});

test("treatments of different loads are not compared", () => {
  const apart = {
    ...plan,
    treatments: [named("t0", "native", { parameters: { tasks: 41 } }), ...treatments.slice(1)],
  };
  expect(refusalsOf(apart, rowsOf({ t0: 5 })).unequal).toEqual([]);
});

test("a control is compared with its treatment alone", () => {
  const [native, stealing, ideal] = treatments as [Treatment, Treatment, Treatment];
  const pairsWith = (control: Treatment): string[][] =>
    refusalsOf({ ...plan, treatments: [control, stealing, ideal] }, rowsOf({ t0: 5 })).unequal.map(
      ({ treatmentIds }) => [...treatmentIds],
    );
  expect(pairsWith({ ...native, controlOf: "t1" })).toEqual([["t0", "t1"]]);
  expect(pairsWith({ ...native, controlOf: "t9" })).toEqual([]);
});

test("further attempts count for the treatment, and not for the test", () => {
  const rows = rowsOf({ t0: 3 });
  const refused = rows.filter(({ valid }) => !valid);
  const all = [...rows, ...refused.flatMap((trial) => [again(trial, 2, "noise"), again(trial, 3, "noise")])];
  const document = documentOf(all);
  expect(document.refusals.unequal).toEqual([]);
  expect(document.cells.map(({ attemptCount, refusedCount }) => [attemptCount, refusedCount])).toEqual([
    [11, 9],
    [5, 0],
    [5, 0],
  ]);
});

test("attempts for which there is no time are named", () => {
  const rows = rowsOf({ t0: 5 }).map((trial) => (trial.valid ? { ...trial, tookNs: 0 } : trial));
  const spent = rows.filter(({ valid }) => !valid).map((trial) => again(trial, 2, "noise"));
  const document = documentOf([...rows, ...spent]);
  expect(document.refusals.outOfTime).toEqual(rounds.map((round) => `r${round}-t0-a3`));
  expect(overviewOf(document).notes.at(-1)).toBe(
    "there was no time to run 5 refused trials again: further attempts may take as long as the plan's trials, together",
  );
});

test("every format shows attempts, and why a treatment has no figures", () => {
  const refused = rowsOf({ t0: 5 });
  const first = refused[0] as TrialRow;
  const document = documentOf([
    ...refused,
    ...refused
      .filter(({ valid }) => !valid)
      .slice(1)
      .map((trial) => again(trial, 2, "noise")),
    again(first, 2, "noise", "10 ms of steal"),
    again(first, 3, "noise", "others took 1.8 cores"),
  ]);
  const screen = { color: false, width: Number.POSITIVE_INFINITY };
  const text = table.render(document, screen);
  expect(text).toMatch(/native +1 +0 +11 refused/);
  expect(text).toContain(
    "refused native, threads 1: 11 of 11 attempts: others took 1.9 cores; 10 ms of steal",
  );
  expect(text).toContain(
    "closed on native, threads 1 (r0-t0-a3, attempt 3 of 3): refused: others took 1.8 cores",
  );
  expect(markdown.render(document, screen)).toContain("11 of 11 attempts");
  expect(csv.render(document, screen)).toMatch(/^r0-t0-a2,t0,0,2,/m);
  expect(parseResult(JSON.stringify(document), "result.json")).toEqual({ document });
});

test("a treatment that was valid in the end is proven, its refused attempts beside it", () => {
  const rows = rowsOf({ t0: 1 });
  const document = documentOf([...rows, again(rows[0] as TrialRow, 2, null)]);
  expect(overviewOf(document).groups[0]?.rows[0]).toMatchObject({ isProven: true, why: null });
  expect(overviewOf(document).groups[0]?.rows[0]?.texts[3]).toBe("proven, 1 refused");
});
