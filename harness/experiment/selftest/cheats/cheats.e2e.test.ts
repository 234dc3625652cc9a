import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { TrialRow } from "../../../../reports/analyze.ts";
import { verdictOf } from "../../../cli/exit.ts";
import { draftPlan } from "../../draft.ts";
import { runExperiment } from "../../start.ts";
import { cheats, HONEST } from "./cheats.ts";
import { cheatLoad, cheatWorkerCount } from "./load.ts";

const module = fileURLToPath(new URL("./runtime.js", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "isoload-cheats-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A run of one cheat, whole: planned, run, judged. */
async function runOf(cheat: string): Promise<{ row: TrialRow; code: number }> {
  const drafted = await draftPlan({
    config: {
      workloads: ["null"],
      runtimes: [`${module}:cheat=${cheat}`],
      threads: [cheatWorkerCount],
      rounds: 1,
      // They run side by side, and none is about time.
      onNoise: "warn",
    },
  });
  if ("problems" in drafted) throw new Error(JSON.stringify(drafted.problems));
  const { cores, draft } = drafted;
  const loads = draft.loads.map((load) => ({ ...load, composition: cheatLoad }));
  const { document } = await runExperiment({
    cores,
    draft: { ...draft, loads },
    folder: mkdtempSync(join(root, `${cheat}-`)),
  });
  const [row] = document.trials;
  if (row === undefined) throw new Error("the trial is missing");
  return { row, code: verdictOf(document).code };
}

/** Once more where the machine stood still for so long that the witness saw too little. */
async function judgedRunOf(cheat: string): ReturnType<typeof runOf> {
  const first = await runOf(cheat);
  const law = first.row.sensors?.find(({ sensor }) => sensor === "littlesLaw");
  return law?.verdict === "too short to judge" ? runOf(cheat) : first;
}

describe.concurrent("a runtime that", () => {
  test("does not cheat is valid: the control of the controls", async () => {
    const { row, code } = await runOf(HONEST);
    expect(row.invalidBecause).toEqual([]);
    expect([row.outcome, row.valid, code]).toEqual(["completed", true, 0]);
  });

  test.each(cheats)("$does is rejected, and for that", async ({ name, outcome, because }) => {
    const { row, code } = await judgedRunOf(name);
    expect(row.invalidBecause.join("; ")).toMatch(because);
    expect([row.outcome, row.valid, code]).toEqual([outcome, false, 4]);
  });
});

test("there are cheats of at least twelve kinds, each by a name of its own", () => {
  expect(new Set(cheats.map(({ name }) => name)).size).toBe(cheats.length);
  expect(cheats.length).toBeGreaterThanOrEqual(12);
});
