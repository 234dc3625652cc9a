import { describe, expect, test } from "vitest";
import { type Figure, isWithin, medianFigures, toleranceOf } from "./answer.ts";

const figure = (said: number | null, truth = 10, tolerance = 1): Figure => ({
  name: "x",
  unit: "ns",
  said,
  truth,
  tolerance,
});

describe("a figure", () => {
  test.each([
    [10, true],
    [11, true],
    [9, true],
    [11.001, false],
    [8.999, false],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
    [null, false],
  ])("of %s is within 10 ± 1: %s", (said, within) => {
    expect(isWithin(figure(said))).toBe(within);
  });

  test("is not within a tolerance or around a truth that is no number", () => {
    expect(isWithin(figure(10, Number.NaN))).toBe(false);
    expect(isWithin(figure(10, 10, Number.NaN))).toBe(false);
  });
});

test("a tolerance is a share of the truth, or its least where that is more", () => {
  expect(toleranceOf(100, 0.02, 1)).toBe(2);
  expect(toleranceOf(-100, 0.02, 1)).toBe(2);
  expect(toleranceOf(0, 0.02, 1)).toBe(1);
});

describe("the median of the same figures of several trials", () => {
  test("is the one with the median error, where the truth differs from trial to trial", () => {
    const medians = medianFigures([[figure(10, 20)], [figure(101, 100)], [figure(55, 50)]]);
    expect(medians).toEqual([figure(101, 100)]);
  });

  test("of an even number is the lower of the two in the middle", () => {
    expect(medianFigures([1, 2, 3, 4].map((said) => [figure(said)]))).toEqual([figure(2)]);
  });

  test("is missing where one trial has no such figure", () => {
    expect(medianFigures([[figure(10)], [figure(null)], [figure(10)]])).toEqual([figure(null)]);
  });
});
