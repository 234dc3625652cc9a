import fc from "fast-check";
import { expect, test } from "vitest";
import { quantile, quantiles } from "./quantile.ts";

/** Without −0, which a sort puts before +0 and a comparison does not. */
const numbers = fc.double({ noNaN: true }).map((value) => value + 0);

/** Few distinct values beside many, short runs beside ones that the sampling branch takes. */
const samples = fc.oneof(
  fc.array(numbers, { minLength: 1, maxLength: 50 }),
  fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 50 }),
  fc
    .tuple(
      fc.integer({ min: 601, max: 5000 }),
      fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      fc.integer({ min: 1, max: 5000 }),
    )
    .map(([length, seed, distinct]) =>
      Array.from({ length }, (_, index) => (Math.imul(index + 1, seed | 1) >>> 8) % distinct),
    ),
);

const qs = fc
  .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 5 })
  .map((list) => list.sort((a, b) => a - b));

test("a quantile is the value of rank ceil(q·n) in ascending order", () => {
  fc.assert(
    fc.property(samples, qs, (values, asked) => {
      const sorted = Float64Array.from(values).sort();
      const known = asked.map((q) => sorted[Math.max(1, Math.ceil(q * values.length)) - 1]);
      expect(quantiles(Float64Array.from(values), asked)).toEqual(known);
    }),
    { numRuns: 500 },
  );
});

test("selection moves values and loses none", () => {
  fc.assert(
    fc.property(samples, qs, (values, asked) => {
      const moved = Float64Array.from(values);
      quantiles(moved, asked);
      expect(moved.sort()).toEqual(Float64Array.from(values).sort());
    }),
  );
});

test("the least and the greatest quantile are minimum and maximum", () => {
  fc.assert(
    fc.property(samples, (values) => {
      const sorted = Float64Array.from(values).sort();
      expect(quantile(Float64Array.from(values), 0)).toBe(sorted[0]);
      expect(quantile(Float64Array.from(values), 1)).toBe(sorted.at(-1));
    }),
  );
});

test("no value has no quantile, and a share beyond 1 is a defect of the caller", () => {
  expect(() => quantile(new Float64Array(0), 0.5)).toThrow(/no rank for q = 0.5 of 0 values/);
  expect(() => quantile(Float64Array.of(1), 1.1)).toThrow(/no rank/);
  expect(() => quantiles(Float64Array.of(1, 2, 3, 4), [0.9, 0.1])).toThrow(/ascending/);
});
