/** The reference model beside a run that did not run it is what the run would have held. */
import { expect, test } from "vitest";
import type { TrialRow } from "../../reports/analyze.ts";
import { twoCores } from "../plan/fixtures/fake-runtimes.ts";
import { readPlan } from "../store/store.ts";
import type { Plan } from "../trial/trial.ts";
import { freshFolder, scripted, smallDraft } from "./fixtures/scripted-trial.ts";
import { analyzeRun } from "./index.ts";
import { freshReferences } from "./references.ts";
import { runExperiment } from "./start.ts";
import { withIdeal } from "./with-ideal.ts";

const settings = { workloads: ["null:tasks=20,block-k:repeats=2"], duration: "400ms", control: true };

/** By trace, and without what only says whose trial it is and when it was. */
function figuresOf(rows: readonly TrialRow[]): unknown[] {
  return rows
    .toSorted((one, other) => one.traceHash.localeCompare(other.traceHash))
    .map(({ id, treatmentId, threads, tookNs, ...figures }) => figures);
}

test("run or computed, the trials of ideal have the same figures", async () => {
  const folder = freshFolder();
  const draft = smallDraft({ ...settings, runtimes: ["ideal"] });
  const { document } = await runExperiment({ draft, cores: twoCores, folder });
  expect(document.trials.map(({ valid }) => valid)).toEqual(Array(6).fill(true));
  const plan = readPlan(folder);
  const others: Plan = {
    ...plan,
    treatments: plan.treatments.map((treatment) => ({ ...treatment, runtime: "mine", runtimeLabel: "mine" })),
  };
  const { rows, plan: added } = withIdeal({ plan: others, rows: [] }, freshReferences(folder));
  expect(figuresOf(rows)).toEqual(figuresOf(document.trials));
  expect(added.treatments.slice(3).map(({ id, controlOf }) => [id, controlOf])).toEqual([
    ["t0-ideal", undefined],
    ["t1-ideal", undefined],
    ["t1-control-ideal", "t1-ideal"],
  ]);
  expect(withIdeal({ plan, rows: document.trials }, freshReferences(folder))).toEqual({
    plan,
    rows: document.trials,
  });
});

test("asked for, ideal stands beside what was measured; not asked for, nothing changes", async () => {
  const folder = freshFolder();
  const draft = smallDraft({ workloads: ["null:tasks=20"], runtimes: ["work-stealing"], threads: ["1,2"] });
  const runTrial = scripted(["complete"]);
  const { document } = await runExperiment({ draft, cores: twoCores, folder, runTrial });
  expect(document.distances).toEqual([]);
  expect(analyzeRun(folder)).toEqual(document);
  const beside = analyzeRun(folder, { ideal: true });
  expect(beside.trials.filter(({ runtime }) => runtime !== "ideal")).toEqual(document.trials);
  expect(beside.trials).toHaveLength(8);
  expect(beside.state).toBe("complete");
  expect(
    beside.distances.map(({ treatmentId, idealTreatmentId, n }) => [treatmentId, idealTreatmentId, n]),
  ).toEqual([
    ["t0", "t0-ideal", 2],
    ["t1", "t1-ideal", 2],
  ]);
  expect(beside.plan.notes.at(-1)).toBe(
    "ideal is no part of the run: its trials were computed for this report",
  );
});

test("where the run has ideal for some of its workers, the note names the others", async () => {
  const folder = freshFolder();
  const draft = smallDraft({
    workloads: ["null:tasks=20"],
    runtimes: ["ideal", "work-stealing"],
    threads: ["1,2"],
  });
  const treatments = draft.treatments.filter(
    ({ runtime, workerCount }) => runtime !== "ideal" || workerCount === 2,
  );
  const runTrial = scripted(["complete"]);
  await runExperiment({ draft: { ...draft, treatments }, cores: twoCores, folder, runTrial });
  expect(analyzeRun(folder, { ideal: true }).plan.notes.at(-1)).toBe(
    "ideal is no part of the run for null at 1: its trials were computed for this report",
  );
});
