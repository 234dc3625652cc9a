/** Runtimes that break, through the whole of a run: each is named by its cause, and the others go on. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { TrialRow } from "../../reports/analyze.ts";
import { verdictOf } from "../cli/exit.ts";
import { identityOf } from "../trial/fixtures/one-trial.ts";
import { runTrial } from "../trial/run-trial.ts";
import { draftPlan } from "./draft.ts";
import { runExperiment } from "./start.ts";

const faults = identityOf(fileURLToPath(new URL("../trial/fixtures/faults.js", import.meta.url)));
const root = mkdtempSync(join(tmpdir(), "isoload-faults-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A run of `single-thread`, and of one that breaks, which is started wherever the plan says `ideal`. */
async function runBeside(fault: string): Promise<{ row: TrialRow; other: TrialRow; code: number }> {
  const drafted = await draftPlan({
    config: {
      workloads: ["cpu-mix:tasks=64,units=2000,inFlight=4"],
      runtimes: ["ideal", "single-thread"],
      threads: [1],
      rounds: 1,
      onNoise: "warn",
    },
  });
  if ("problems" in drafted) throw new Error(JSON.stringify(drafted.problems));
  const { document } = await runExperiment({
    ...drafted,
    folder: join(root, fault),
    runTrial: (request) =>
      request.settings.runtime === "ideal"
        ? runTrial({
            ...request,
            startDeadlineNs: fault === "hangs-at-start" ? 2e9 : request.startDeadlineNs,
            settings: {
              ...request.settings,
              runtime: "faulty",
              runtimeModule: faults,
              options: { fault },
            },
          })
        : runTrial(request),
  });
  const [row] = document.trials.filter(({ runtime }) => runtime === "ideal");
  const [other] = document.trials.filter(({ runtime }) => runtime === "single-thread");
  if (row === undefined || other === undefined) throw new Error("a trial is missing");
  return { row, other, code: verdictOf(document).code };
}

describe("a runtime that", () => {
  test("does not break is valid: the control of the controls", async () => {
    const { row, code } = await runBeside("none");
    expect(row.invalidBecause).toEqual([]);
    expect([row.outcome, row.valid, code]).toEqual(["completed", true, 0]);
  });

  test.each([
    ["leaves-early", "diverged", /left before it was told to stop/],
    ["throws", "crashed", /exit code 1 before it was done/],
    ["exits", "crashed", /left with exit code 0 before it was done/],
    ["is-killed", "crashed", /killed by SIGKILL/],
    ["hangs", "timed-out", /did not return/],
    ["hangs-at-start", "timed-out", /before it was ready/],
  ])(
    "%s is %s, for that reason; the other trial goes on, and the run exits with 4",
    async (fault, outcome, reason) => {
      const { row, other, code } = await runBeside(fault);
      expect(row.invalidBecause.join("; ")).toMatch(reason);
      expect([row.outcome, row.valid, code]).toEqual([outcome, false, 4]);
      expect([other.outcome, other.valid]).toEqual(["completed", true]);
      if (outcome !== "timed-out") expect(row.metrics).toBeNull();
    },
  );
});
