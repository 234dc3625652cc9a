import { expect, test } from "vitest";
import { UsageError } from "../../plan/usage-error.ts";
import { type Answer, told } from "./answer.ts";
import type { SelftestCase } from "./case.ts";
import { catalogueCases } from "./cases.ts";
import { scriptedLive } from "./fixtures/trials.ts";
import { answerLine, selftestSummary } from "./line.ts";
import { runCases, type SelftestProgress, selftest } from "./selftest.ts";

function scripted(name: string, answers: readonly Answer[], isCondition = false): SelftestCase {
  return {
    name,
    isCondition,
    run: async function* () {
      yield* answers;
    },
  };
}

async function play(
  cases: readonly SelftestCase[],
): Promise<{ answers: Answer[]; seen: SelftestProgress[] }> {
  const seen: SelftestProgress[] = [];
  const answers = await runCases(cases, scriptedLive([]), (progress) => seen.push(progress));
  return { answers, seen };
}

test("cases are run in their order, and every answer is told as it stands", async () => {
  const [a, b, c] = [told("a", "ok", ""), told("b", "wrong", "x"), told("c", "not-judged", "y")];
  const { answers, seen } = await play([scripted("one", [a, b]), scripted("two", [c])]);
  expect(answers).toEqual([a, b, c]);
  expect(seen).toEqual([
    { kind: "started", name: "one", index: 1, caseCount: 2 },
    { kind: "found", answer: a },
    { kind: "found", answer: b },
    { kind: "started", name: "two", index: 2, caseCount: 2 },
    { kind: "found", answer: c },
  ]);
});

test("behind a condition that is not met nothing is run, and that is said of each", async () => {
  const never: SelftestCase = {
    name: "later",
    run: () => {
      throw new Error("it was run");
    },
  };
  const { answers } = await play([scripted("first", [told("x", "wrong", "broken")], true), never]);
  expect(answers[1]).toEqual(told("later", "not-judged", "not run: first failed"));
  const { answers: all } = await play([
    scripted("first", [told("x", "ok", "")], true),
    scripted("later", [told("y", "ok", "")]),
  ]);
  expect(all.map(({ verdict }) => verdict)).toEqual(["ok", "ok"]);
});

test("an aborted selftest runs nothing more and rejects with the reason", async () => {
  const abort = new AbortController();
  abort.abort(new Error("enough"));
  await expect(selftest({ only: ["D2 on ideal"], signal: abort.signal })).rejects.toThrow("enough");
});

test("names of cases are unique, and one that none has is refused with the kinds there are", async () => {
  const names = catalogueCases().map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  const refusal = selftest({ only: ["D9", "freeze", ""] });
  await expect(refusal).rejects.toThrow(UsageError);
  await expect(refusal).rejects.toThrow(
    /"D9" in its name\. There are: D1 · D2 ·.*no case has "" in its name/s,
  );
});

test("the reference model passes its cases in real trials", async () => {
  const { answers } = await selftest({ only: ["on ideal"] });
  expect(answers.map(({ name, verdict }) => [name, verdict])).toEqual(
    ["D1", "D2", "D3", "D5", "D7", "D8"].map((name) => [`${name} on ideal`, "ok"]),
  );
});

test("an answer is one line: verdict, name, what was said and the truth, and on what it rests", () => {
  const answer: Answer = {
    name: "D5 on x",
    verdict: "wrong",
    figures: [
      { name: "all held", unit: "share", said: 0.2512, truth: 0.25, tolerance: 0.005 },
      { name: "canary mean", unit: "ns", said: null, truth: 6.25e6, tolerance: 1e6 },
      { name: "canaries", unit: "count", said: 151, truth: 150, tolerance: 3 },
    ],
    remark: "so it is",
    validCount: 3,
    refusedCount: 1,
  };
  expect(answerLine(answer)).toBe(
    "WRONG       D5 on x: all held 25.1 % (truth 25 %), canary mean none (6.25 ms), canaries 151 (150); so it is; medians of 3 trials, 1 refused",
  );
  expect(answerLine(told("x", "ok", ""))).toBe("ok          x");
});

test("the summary counts each verdict and says what is not judged", () => {
  const answers = [told("a", "ok", ""), told("b", "wrong", ""), told("c", "not-judged", "")];
  expect(selftestSummary(answers, 12.4e9)).toBe(
    "3 answers in 12 s: 1 as they must be, 1 wrong, 1 not judged. Nothing is said of what was not judged.",
  );
  expect(selftestSummary([told("a", "ok", "")], 1e9)).toBe(
    "1 answers in 1 s: 1 as they must be, 0 wrong, 0 not judged.",
  );
});
