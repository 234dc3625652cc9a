import { expect, test } from "vitest";
import { rowsOf } from "./fixtures/scripted-contestant.ts";
import { BEST_POOL, type Cell, type Goal, goals, isNativeTrusted, judgeGoal, type Results } from "./goals.ts";
import type { Row } from "./rounds.ts";
import { shapes } from "./shapes.ts";

const resultsOf = (...rows: Row[]): Results => ({ rows, roundCount: 3, poolNames: ["pool a", "pool b"] });
const rates = (shape: string, contestant: string, values: readonly (number | null)[]): Row[] =>
  rowsOf(
    shape,
    contestant,
    values.map((perSecond) => (perSecond === null ? null : { perSecond })),
  );
const cell = (contestant: string): Cell => ({ shape: "s", contestant, figure: "perSecond" });
const twice = (over: string): Goal => ({ kind: "ratio", of: cell("ours"), over: cell(over), atLeast: 2 });

test("a goal is reached by the median of the rounds' ratios", () => {
  const results = resultsOf(...rates("s", "ours", [10, 40, 10]), ...rates("s", "theirs", [10, 10, 5]));
  expect(judgeGoal(twice("theirs"), results)).toMatchObject({
    verdict: "ok",
    measured: { median: 2, min: 1, max: 4 },
  });
});

test("a goal that is missed says by how much of itself", () => {
  const results = resultsOf(...rates("s", "ours", [15, 15, 15]), ...rates("s", "theirs", [10, 10, 10]));
  expect(judgeGoal(twice("theirs"), results)).toMatchObject({ verdict: "missed", missedByShare: 0.25 });
});

test("what was not measured is neither reached nor missed", () => {
  const results = resultsOf(...rates("s", "ours", [15, 15, 15]), ...rates("s", "theirs", [null, null, null]));
  expect(judgeGoal(twice("theirs"), results)).toMatchObject({ verdict: "not measured", missedByShare: null });
});

test("the best pool is the fastest of each round", () => {
  const results = resultsOf(
    ...rates("s", "ours", [30, 30, 30]),
    ...rates("s", "pool a", [10, 30, null]),
    ...rates("s", "pool b", [15, 10, 10]),
  );
  expect(judgeGoal(twice(BEST_POOL), results)).toMatchObject({
    measured: { median: 2, min: 1, max: 3, n: 3 },
  });
});

test("late tasks are to be equal in every round", () => {
  const goal: Goal = { kind: "equal", of: cell("ours"), to: cell("theirs") };
  const theirs = rates("s", "theirs", [1, 1, 1]);
  expect(judgeGoal(goal, resultsOf(...rates("s", "ours", [1, 1, 1]), ...theirs)).verdict).toBe("ok");
  expect(judgeGoal(goal, resultsOf(...rates("s", "ours", [1, 2, 1]), ...theirs)).verdict).toBe("missed");
  expect(judgeGoal(goal, resultsOf(...theirs)).verdict).toBe("not measured");
});

test("native is trusted only where it is nearly as fast as bare Tokio at both empty shapes", () => {
  const of = (chained: number, injected: number): Results =>
    resultsOf(
      ...rates("empty-chained", "native", [chained, chained, chained]),
      ...rates("empty-chained", "bare-tokio", [10, 10, 10]),
      ...rates("empty-injected", "native", [injected, injected, injected]),
      ...rates("empty-injected", "bare-tokio", [10, 10, 10]),
    );
  expect(isNativeTrusted(of(9, 12))).toBe(true);
  expect(isNativeTrusted(of(12, 8))).toBe(false);
  expect(isNativeTrusted(resultsOf())).toBe(false);
});

test("every goal speaks of shapes that there are", () => {
  const names = shapes.map(({ name }) => name);
  expect(goals.filter(({ of }) => !names.includes(of.shape))).toEqual([]);
});
