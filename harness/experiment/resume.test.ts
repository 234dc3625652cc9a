import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { twoCores } from "../plan/fixtures/fake-runtimes.ts";
import { UsageError } from "../plan/usage-error.ts";
import { damageIn } from "../store/checksums.ts";
import { DamageError } from "../store/damage-error.ts";
import { PLAN_VERSION } from "../store/stored.ts";
import { freshFolder, type Script, scripted, smallDraft } from "./fixtures/scripted-trial.ts";
import type { Progress } from "./loop.ts";
import { resumeRun } from "./resume.ts";
import { type RunOutcome, runExperiment } from "./start.ts";
import { verifyRun } from "./verify.ts";

/** A run that was interrupted while trial `at` was running. */
async function interruptedAt(at: number, folder: string): Promise<RunOutcome> {
  const abort = new AbortController();
  return runExperiment({
    draft: smallDraft(),
    cores: twoCores,
    folder,
    signal: abort.signal,
    runTrial: scripted([...Array<"complete">(at).fill("complete"), "hang"], (index) => {
      if (index === at) abort.abort(new Error("stopped"));
    }),
  });
}

function resume(reference: string, script: Script = ["complete"]): Promise<RunOutcome> {
  return resumeRun({ reference, cores: twoCores, runTrial: scripted(script) });
}

/** Every file below a folder with its content and the time it was changed. */
function snapshot(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path, `${statSync(path).mtimeMs} ${readFileSync(path).toString("base64")}`]),
  );
}

test.each([0, 1, 3])("a run interrupted in trial %d keeps what is complete and says partial", async (at) => {
  const folder = freshFolder();
  const { document, interrupted } = await interruptedAt(at, folder);
  expect(interrupted).toBe(true);
  expect(document).toMatchObject({ state: "partial" });
  expect(document.trials).toHaveLength(at);
  expect(readdirSync(join(folder, "trials"))).toHaveLength(at);
  expect(verifyRun(folder).damage).toEqual([]);
});

test.each([0, 1, 3])("resuming after trial %d runs what is missing and touches nothing else", async (at) => {
  const folder = freshFolder();
  await interruptedAt(at, folder);
  const before = snapshot(join(folder, "trials"));
  let started = 0;
  const { document } = await resumeRun({
    reference: folder,
    cores: twoCores,
    runTrial: scripted(["complete"], () => {
      started++;
    }),
  });
  expect(started).toBe(4 - at);
  expect(document.state).toBe("complete");
  const after = snapshot(join(folder, "trials"));
  for (const [path, content] of before) expect(after.get(path)).toBe(content);
  expect(verifyRun(folder).damage).toEqual([]);
});

test("resuming a complete run changes no byte of it", async () => {
  const folder = freshFolder();
  await runExperiment({ draft: smallDraft(), cores: twoCores, folder, runTrial: scripted(["complete"]) });
  const before = snapshot(folder);
  const { document } = await resume(folder, ["crash"]);
  expect(document.state).toBe("complete");
  expect(snapshot(folder)).toEqual(before);
});

test("what a killed process left is removed, and its result is written again", async () => {
  const folder = freshFolder();
  await interruptedAt(2, folder);
  mkdirSync(join(folder, "trials", "r1-t0.tmp"));
  writeFileSync(join(folder, "trials", "r1-t0.tmp", "settings.json"), "{");
  writeFileSync(join(folder, "result.json.tmp"), "{");
  rmSync(join(folder, "result.json"));
  writeFileSync(join(folder, "lock"), "999999999 1\n");
  expect(verifyRun(folder).damage.length).toBeGreaterThan(0);
  await resume(folder);
  expect(verifyRun(folder).damage).toEqual([]);
});

test("a run that a living process writes is refused", async () => {
  const folder = freshFolder();
  await interruptedAt(1, folder);
  const holder = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  writeFileSync(join(folder, "lock"), `${holder.pid} unknown\n`);
  await expect(resume(folder)).rejects.toThrow(`process ${holder.pid} is writing it`);
  expect(() => verifyRun(folder)).toThrow(
    new UsageError([
      { where: folder, message: `process ${holder.pid} is writing it. Verify it when that has ended.` },
    ]),
  );
  holder.stdin.end();
  await once(holder, "close");
  await expect(resume(folder)).resolves.toMatchObject({ interrupted: false });
});

const edits: readonly [string, string, string][] = [
  ["another isoload", '"isoloadVersion": "0.1.0"', '"isoloadVersion": "0.0.1"'],
  ["another version of plans", `"planVersion": ${PLAN_VERSION}`, '"planVersion": 99'],
  ["another seed of a trace", '"seed": 2', '"seed": 3'],
  ["other parameters", '"tasks": 20', '"tasks": 21'],
];

test.each(edits)("a plan of %s is refused with what differs, and nothing runs", async (_, from, to) => {
  const folder = freshFolder();
  await interruptedAt(1, folder);
  const path = join(folder, "plan.json");
  const text = readFileSync(path, "utf8");
  expect(text).toContain(from);
  writeFileSync(path, text.replaceAll(from, to));
  const before = snapshot(folder);
  await expect(resume(folder)).rejects.toThrow(UsageError);
  expect(snapshot(folder)).toEqual(before);
});

test("a machine with other cores is refused", async () => {
  const folder = freshFolder();
  await interruptedAt(1, folder);
  const cores = { ...twoCores, count: 3 };
  const said: Progress[] = [];
  const resumed = resumeRun({
    reference: folder,
    cores,
    runTrial: scripted(["complete"]),
    onProgress: (progress) => said.push(progress),
  });
  await expect(resumed).rejects.toThrow("coreCount was 2 and is 3");
  expect(said).toEqual([]);
});

test("a damaged complete trial is no ground to go on from", async () => {
  const folder = freshFolder();
  await interruptedAt(2, folder);
  const [trial = ""] = readdirSync(join(folder, "trials"));
  writeFileSync(join(folder, "trials", trial, "stderr.txt"), "changed");
  await expect(resume(folder)).rejects.toThrow(DamageError);
  expect(damageIn(join(folder, "trials", trial), { whole: true })).toEqual([
    "stderr.txt is not as it was written",
  ]);
});

test("where there is no run there is nothing to resume", async () => {
  await expect(resume(freshFolder())).rejects.toThrow(UsageError);
});
