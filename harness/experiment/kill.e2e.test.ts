import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { twoCores } from "../plan/fixtures/fake-runtimes.ts";
import { damageIn } from "../store/checksums.ts";
import { folderProblem, isRun } from "../store/store.ts";
import { freshFolder, scripted } from "./fixtures/scripted-trial.ts";
import { resumeRun } from "./resume.ts";
import { verifyRun } from "./verify.ts";

const script = fileURLToPath(new URL("./fixtures/killed-run.js", import.meta.url));
const KILLS = 15;
/** Two treatments in the rounds of the script. */
const TRIALS = 20;

/** Starts a run and kills it `afterMs` after it said so many lines: that it is planned, and each trial that ended. */
async function killedRun(lineCount: number, afterMs: number): Promise<string> {
  const folder = freshFolder();
  const child = spawn(process.execPath, [script, folder], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  const said = new Promise<void>((resolve) => {
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (more: string) => {
      text += more;
      if (text.split("\n").length > lineCount) resolve();
    });
  });
  if (lineCount > 0) await Promise.race([said, closed]);
  await delay(afterMs);
  child.kill("SIGKILL");
  await closed;
  return folder;
}

test("a run that is killed at any moment has every trial whole or absent, and can be resumed", {
  timeout: 120_000,
}, async () => {
  let interrupted = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const isEarly = kill % 5 === 0;
    const lineCount = isEarly ? 0 : 1 + Math.floor(Math.random() * (TRIALS - 1));
    const folder = await killedRun(lineCount, Math.random() * (isEarly ? 400 : 15));
    if (!isRun(folder)) {
      // Killed before its plan stood: nothing was measured, and the same folder serves again.
      expect(folderProblem(folder)).toBeNull();
      continue;
    }
    const trials = join(folder, "trials");
    const whole = readdirSync(trials).filter((name) => !name.endsWith(".tmp"));
    const sums = new Map(whole.map((id) => [id, readFileSync(join(trials, id, "SHA256SUMS"), "utf8")]));
    for (const id of whole) expect(damageIn(join(trials, id), { whole: true })).toEqual([]);
    if (existsSync(join(folder, "SHA256SUMS"))) {
      if (whole.length < TRIALS) interrupted++;
      const resumed = await resumeRun({
        reference: folder,
        cores: twoCores,
        runTrial: scripted(["complete"]),
      });
      expect(resumed.document).toMatchObject({ state: "complete" });
      for (const [id, text] of sums) expect(readFileSync(join(trials, id, "SHA256SUMS"), "utf8")).toBe(text);
      expect(verifyRun(folder).damage).toEqual([]);
    }
    rmSync(dirname(folder), { recursive: true });
  }
  // The control: most kills did come in the middle of a run.
  expect(interrupted).toBeGreaterThan(KILLS / 2);
});
