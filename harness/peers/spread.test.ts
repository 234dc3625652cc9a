import { expect, test } from "vitest";
import { ratioOf, spreadOf } from "./spread.ts";

test("a spread is the median with the least and the greatest", () => {
  expect(spreadOf([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5, n: 3 });
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, min: 1, max: 4, n: 4 });
  expect(spreadOf([])).toBeNull();
});

test("a ratio is taken within rounds, so that a slow round of both moves it nowhere", () => {
  expect(ratioOf([20, 2, 40], [10, 1, 20])).toEqual({ median: 2, min: 2, max: 2, n: 3, ratioOfMedians: 2 });
});

test("the ratio of medians stands beside it and may differ", () => {
  const ratio = ratioOf([10, 20, 90], [10, 10, 10]);
  expect(ratio).toEqual({ median: 2, min: 1, max: 9, n: 3, ratioOfMedians: 2 });
  expect(ratioOf([10, 20, 30], [30, 10, 10])?.ratioOfMedians).toBe(2);
});

test("rounds that lack one of the two have no ratio and do not count", () => {
  expect(ratioOf([10, null, 30], [10, 10, null])).toEqual({
    median: 1,
    min: 1,
    max: 1,
    n: 1,
    ratioOfMedians: 1,
  });
  expect(ratioOf([null], [1])).toBeNull();
  expect(ratioOf([1], [0])).toBeNull();
});
