import { describe, expect, test } from "vitest";
import type { Figure } from "./answer.ts";
import { judgedAs, scriptedLive } from "./fixtures/trials.ts";
import type { JudgedTrial } from "./live.ts";
import { type Measured, measured } from "./measured.ts";

/** Each trial says a number of which 0 is the truth, or is refused for noise, or broke. */
type Script = readonly (number | "noisy" | "crashed" | "diverged")[];

async function play(script: Script, wantedCount: number): Promise<Measured & { runCount: number }> {
  const trials = script.map((what): JudgedTrial => {
    if (what === "noisy") return judgedAs({ valid: false, invalidBecause: ["others took 1.9 cores"] });
    if (what === "crashed" || what === "diverged")
      return judgedAs({ outcome: what, valid: false, invalidBecause: ["the reason"] });
    return judgedAs({ workerCount: what });
  });
  const live = scriptedLive(trials);
  const figuresOf = ({ row }: JudgedTrial): Figure[] => [
    { name: "it", unit: "count", said: row.workerCount, truth: 0, tolerance: 1 },
  ];
  const run = (): Promise<JudgedTrial> => live.trial({} as never);
  const result = await measured({ name: "a case", wantedCount, run, figuresOf });
  return { ...result, runCount: live.runCount() };
}

describe("a case is", () => {
  test.each<[string, Script, number, string, number]>([
    ["right by its first trial", [0], 1, "ok", 1],
    ["right by the median of three", [0, 5, 1], 3, "ok", 3],
    ["right when a miss does not repeat", [5, 0, 0], 1, "ok", 2],
    ["wrong when it misses by the median of five", [5, 5, 5, 0, 0], 1, "wrong", 5],
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
