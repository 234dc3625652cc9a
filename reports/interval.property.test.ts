import fc from "fast-check";
import { expect, test } from "vitest";
import { median, medianInterval } from "./interval.ts";

const values = fc.array(fc.double({ min: -1e12, max: 1e12, noNaN: true }), { minLength: 1, maxLength: 40 });

/** P(Binomial(n, ½) < k) by Pascal's triangle in whole numbers. */
function below(k: number, n: number): number {
  let row = [1n];
  for (let trial = 0; trial < n; trial++)
    row = [...row, 0n].map((value, index) => value + (row[index - 1] ?? 0n));
  const sum = row.slice(0, k).reduce((total, ways) => total + ways, 0n);
  return Number(sum) / 2 ** n;
}

test("as many values lie below the median as above it", () => {
  fc.assert(
    fc.property(values, (list) => {
      const middle = median(list);
      const less = list.filter((value) => value < middle).length;
      const greater = list.filter((value) => value > middle).length;
      expect(Math.max(less, greater)).toBeLessThanOrEqual(list.length / 2);
    }),
  );
});

test("the interval is the narrowest pair of order statistics that covers the median with 95 %", () => {
  fc.assert(
    fc.property(values, (list) => {
      const interval = medianInterval(list);
      if (list.length < 6) {
        expect(interval).toBeNull();
        return;
      }
      const sorted = Float64Array.from(list).sort();
      let k = 1;
      while (1 - 2 * below(k + 1, list.length) >= 0.95) k++;
      expect(interval).toEqual({
        low: sorted[k - 1],
        high: sorted[list.length - k],
        coverageShare: expect.closeTo(1 - 2 * below(k, list.length), 12),
      });
      expect(interval?.low).toBeLessThanOrEqual(median(list));
      expect(interval?.high).toBeGreaterThanOrEqual(median(list));
    }),
  );
});

test("known intervals: 6 rounds take the whole range, 10 leave one value out at each end", () => {
  expect(medianInterval([1, 2, 3, 4, 5, 6])).toEqual({ low: 1, high: 6, coverageShare: 0.96875 });
  expect(medianInterval([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])).toEqual({
    low: 2,
    high: 9,
    coverageShare: 0.978515625,
  });
  expect(medianInterval([1, 2, 3, 4, 5])).toBeNull();
  expect(() => median([])).toThrow(/no values/);
});
