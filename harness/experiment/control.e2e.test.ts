/** Controls in a whole run: measured beside their treatments, kept, verified and resumed as the others are. */
import { expect, test } from "vitest";
import { twoCores } from "../plan/fixtures/fake-runtimes.ts";
import type { PlanDraft } from "../plan/plan.ts";
import { runTrial } from "../trial/run-trial.ts";
import { freshFolder, smallDraft } from "./fixtures/scripted-trial.ts";
import { resumeRun } from "./resume.ts";
import { runExperiment } from "./start.ts";
import { verifyRun } from "./verify.ts";

/** In virtual time, so that no trial can be noisy: two blocks of 50 ms on two workers, and then on three. */
const draftOf = (): PlanDraft =>
  smallDraft({
    workloads: ["block-k:repeats=2,victimsPerSecond=4000"],
    runtimes: ["ideal"],
    threads: ["2,3"],
    control: true,
    duration: "400ms",
  });

test("a run with controls has the slowdown of every treatment, verifies, and shows what blocking did", async () => {
  const folder = freshFolder();
  const { document } = await runExperiment({ draft: draftOf(), cores: twoCores, folder });
  expect(document.trials.map(({ valid }) => valid)).toEqual(Array(8).fill(true));
  expect(document.treatments.map(({ id, controlOf }) => [id, controlOf])).toEqual([
    ["t0", null],
    ["t0-control", "t0"],
    ["t1", null],
    ["t1-control", "t1"],
  ]);
  const [two, twoControl, three] = document.cells;
  expect(two?.degradation).toMatchObject({ absentBecause: null, p99: { n: 2 } });
  expect(two?.degradation.p99.estimate).toBeGreaterThan(1000);
  // A third worker is free for the victims: for them nothing has changed.
  expect(three?.degradation.p99.estimate).toBeLessThan(2);
  expect(twoControl?.degradation.absentBecause).toBe("it is the control of t0");
  expect(verifyRun(folder)).toMatchObject({ damage: [], document });
});

test("a run with controls is resumed like any other", async () => {
  const folder = freshFolder();
  const abort = new AbortController();
  let started = 0;
  const { document: partial } = await runExperiment({
    draft: draftOf(),
    cores: twoCores,
    folder,
    signal: abort.signal,
    runTrial: (request) => {
      if (started++ === 3) abort.abort(new Error("stopped"));
      return runTrial(request);
    },
  });
  expect(partial).toMatchObject({ state: "partial" });
  const { document } = await resumeRun({ reference: folder, cores: twoCores });
  expect(document.state).toBe("complete");
  expect(document.cells[0]?.degradation.p99.n).toBe(2);
  expect(verifyRun(folder).damage).toEqual([]);
});
