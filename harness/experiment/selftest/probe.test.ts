import { describe, expect, test } from "vitest";
import { type Figure, told } from "./answer.ts";
import { judgedAs, scriptedLive } from "./fixtures/trials.ts";
import type { JudgedTrial } from "./live.ts";
import { caseOf, type Probe, type Repeated, repeat } from "./probe.ts";
import { subjectOf } from "./subject.ts";

/** Each trial says a number of which 0 is the truth, or is refused for noise, or broke. */
type Script = readonly (number | "noisy" | "crashed" | "diverged")[];

async function play(script: Script, wantedCount: number): Promise<Repeated & { runCount: number }> {
  const trials = script.map((what): JudgedTrial => {
    if (what === "noisy")
      return judgedAs({ valid: false, refusal: "noise", invalidBecause: ["others took 1.9 cores"] });
    if (what === "crashed" || what === "diverged")
      return judgedAs({ outcome: what, valid: false, refusal: "identity", invalidBecause: ["the reason"] });
    return judgedAs({ workerCount: what });
  });
  const live = scriptedLive(trials);
  const repeated = await repeat({ ...probe, wantedCount }, live);
  return { ...repeated, runCount: live.runCount() };
}

const { trace } = judgedAs({});
const subject = subjectOf("ideal");
const probe: Probe = {
  name: "a case",
  subject,
  wantedCount: 1,
  trial: (live) => live.trial({ trace, subject, workerCount: 1 }),
  figuresOf: ({ row }): Figure[] => [
    { name: "it", unit: "count", said: row.workerCount, truth: 0, tolerance: 1 },
  ],
};

describe("a case is", () => {
  test.each<[string, Script, number, string, number]>([
    ["right by its first trial", [0], 1, "ok", 1],
    ["right by the median of three", [0, 5, 1], 3, "ok", 3],
    ["right when a miss does not repeat", [5, 0, 0], 1, "ok", 2],
    ["right when the disturbance ends", [5, 5, 5, 0, 0, 0], 1, "ok", 6],
    ["wrong when it misses by the median of nine", [5, 5, 5, 5, 5, 0, 0, 0, 0], 1, "wrong", 9],
    ["wrong at once when a trial crashed", [0, "crashed"], 3, "wrong", 2],
    ["wrong at once when its work is not proven", ["diverged"], 1, "wrong", 1],
    ["judged by the valid ones among the refused", ["noisy", 0, "noisy", 0, 0], 3, "ok", 5],
    ["not judged after three refusals", ["noisy", "noisy", "noisy"], 1, "not-judged", 3],
    ["not judged when most are refused", [0, "noisy", "noisy", "noisy"], 3, "not-judged", 4],
  ])("%s", async (_, script, wantedCount, verdict, runCount) => {
    const { answer, runCount: ran } = await play(script, wantedCount);
    expect([answer.verdict, ran]).toEqual([verdict, runCount]);
  });
});

test("what broke is told, and so is what the machine did", async () => {
  expect((await play(["crashed"], 1)).answer.remark).toBe("the trial crashed: the reason");
  const { answer } = await play(["noisy", "noisy", "noisy"], 1);
  expect(answer).toMatchObject({ remark: "the machine is noisy: others took 1.9 cores", refusedCount: 3 });
});

async function verdictsOf(asked: Probe, trials: readonly JudgedTrial[]): Promise<string[]> {
  const verdicts: string[] = [];
  for await (const { name, verdict } of caseOf(asked).run(scriptedLive(trials)))
    verdicts.push(`${name}: ${verdict}`);
  return verdicts;
}

test("a runtime that is missing is not judged, and no trial is run", async () => {
  const missing = { ...probe, subject: { ...subject, missingBecause: "there is no cargo" } };
  expect(await verdictsOf(missing, [])).toEqual(["a case: not-judged"]);
});

test("valid trials may answer more than the figures say; without any there is nothing more to say", async () => {
  const asked: Probe = { ...probe, also: (valid) => [told(`of ${valid.length}`, "ok", "")] };
  expect(await verdictsOf(asked, [judgedAs({ workerCount: 0 })])).toEqual(["a case: ok", "of 1: ok"]);
  const noisy = judgedAs({ valid: false, refusal: "noise", invalidBecause: ["noise"] });
  expect(await verdictsOf(asked, [noisy, noisy, noisy])).toEqual(["a case: not-judged"]);
});
