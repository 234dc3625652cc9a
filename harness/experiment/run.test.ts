import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { twoCores } from "../plan/fixtures/fake-runtimes.ts";
import { MissingRuntimeError, UsageError } from "../plan/usage-error.ts";
import { readPlan } from "../store/store.ts";
import { freshFolder, scripted, smallDraft } from "./fixtures/scripted-trial.ts";
import type { Progress } from "./loop.ts";
import { constantRun } from "./run.ts";
import { runExperiment } from "./start.ts";
import { verifyRun } from "./verify.ts";

test("a run is whole when it has ended, and its result follows from its records", async () => {
  const folder = freshFolder();
  const seen: Progress["kind"][] = [];
  const { document, interrupted } = await runExperiment({
    draft: smallDraft(),
    cores: twoCores,
    folder,
    runTrial: scripted(["complete"]),
    onProgress: ({ kind }) => seen.push(kind),
  });
  expect(interrupted).toBe(false);
  expect(document.trials.map(({ outcome }) => outcome)).toEqual(Array(4).fill("completed"));
  expect(document.state).toBe("complete");
  expect(verifyRun(folder)).toMatchObject({ damage: [] });
  expect(readdirSync(folder).sort()).toEqual(
    ["SHA256SUMS", "environment.json", "plan.json", "result.json", "traces", "trials"].sort(),
  );
  expect(seen.filter((kind) => kind === "ended")).toHaveLength(4);
  expect(seen.indexOf("planned")).toBeLessThan(seen.indexOf("started"));
});

test("every treatment of a round meets the same trace, and another round another one", async () => {
  const folder = freshFolder();
  const draft = smallDraft();
  await runExperiment({ draft, cores: twoCores, folder, runTrial: scripted(["complete"]) });
  const { trials, traces } = readPlan(folder);
  const hashes = [0, 1].map(
    (round) => new Set(trials.filter((trial) => trial.round === round).map((trial) => trial.traceHash)),
  );
  expect(hashes.map(({ size }) => size)).toEqual([1, 1]);
  expect(new Set(traces.map(({ traceHash }) => traceHash)).size).toBe(2);
});

test("the order within a round comes from the seed", async () => {
  const orderOf = async (seed: number): Promise<string> => {
    const folder = freshFolder();
    const draft = smallDraft({ seed, rounds: 6, threads: ["1,2,3,4"] });
    await runExperiment({ draft, cores: twoCores, folder, runTrial: scripted(["unsupported"]) });
    return readPlan(folder)
      .trials.map(({ id }) => id)
      .join();
  };
  expect(await orderOf(3)).toBe(await orderOf(3));
  expect(await orderOf(3)).not.toBe(await orderOf(4));
});

test("a trial that crashes is listed and the others go on", async () => {
  const folder = freshFolder();
  const { document } = await runExperiment({
    draft: smallDraft(),
    cores: twoCores,
    folder,
    runTrial: scripted(["complete", "crash", "complete"]),
  });
  expect(document.trials.map(({ outcome }) => outcome)).toEqual([
    "completed",
    "crashed",
    "completed",
    "completed",
  ]);
  expect(verifyRun(folder)).toMatchObject({ damage: [] });
});

test("the plan stands before the first trial starts", async () => {
  const folder = freshFolder();
  await runExperiment({
    draft: smallDraft(),
    cores: twoCores,
    folder,
    runTrial: scripted(["unsupported"], (index, { folder: trialFolder, settings }) => {
      if (index > 0) return;
      expect(readPlan(folder).trials).toHaveLength(4);
      expect(existsSync(join(trialFolder, settings.tracePath))).toBe(true);
      expect(JSON.parse(readFileSync(join(folder, "result.json"), "utf8"))).toMatchObject({
        state: "partial",
      });
    }),
  });
});

test("nothing is written into a folder that is not empty, and nothing runs", async () => {
  const folder = freshFolder();
  const draft = smallDraft();
  await runExperiment({ draft, cores: twoCores, folder, runTrial: scripted(["unsupported"]) });
  const before = readdirSync(folder, { recursive: true });
  const again = runExperiment({ draft, cores: twoCores, folder, runTrial: scripted(["crash"]) });
  await expect(again).rejects.toThrow(UsageError);
  expect(readdirSync(folder, { recursive: true })).toEqual(before);
});

test.skipIf(!existsSync("/proc/self"))("a folder that the system refuses is a usage error", async () => {
  const run = runExperiment({ draft: smallDraft(), cores: twoCores, folder: "/proc/nowhere/run" });
  await expect(run).rejects.toThrow(UsageError);
});

test("a required runtime that is missing ends it before anything is written", async () => {
  const folder = freshFolder();
  const draft = smallDraft({ require: ["native"] });
  await expect(runExperiment({ draft, cores: twoCores, folder })).rejects.toThrow(MissingRuntimeError);
  expect(existsSync(folder)).toBe(false);
});

test("an abort before the plan stands leaves nothing behind", async () => {
  const folder = freshFolder();
  const signal = AbortSignal.abort(new Error("stopped"));
  const run = runExperiment({ draft: smallDraft(), cores: twoCores, folder, signal });
  await expect(run).rejects.toThrow("stopped");
  expect(existsSync(folder)).toBe(false);
});

test("the constant experiment asks for what is missing, round by round", async () => {
  const folder = freshFolder();
  const { document } = await runExperiment({
    draft: smallDraft(),
    cores: twoCores,
    folder,
    runTrial: scripted(["complete"]),
  });
  const plan = readPlan(folder);
  const next = constantRun(plan);
  const idsAfter = (count: number): string[] => {
    const step = next(document.trials.slice(0, count));
    return step.kind === "round" ? step.trials.map(({ id }) => id) : [];
  };
  const ids = plan.trials.map(({ id }) => id);
  expect([0, 1, 2, 3, 4].map(idsAfter)).toEqual([
    ids.slice(0, 2),
    ids.slice(1, 2),
    ids.slice(2),
    ids.slice(3),
    [],
  ]);
});
