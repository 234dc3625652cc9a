import fc from "fast-check";
import { expect, test } from "vitest";
import { fisherExact } from "./fisher.ts";
import { fisherVectors } from "./fixtures/fisher-vectors.ts";

const pOf = (hitsA: number, trialsA: number, hitsB: number, trialsB: number): number =>
  fisherExact({ hitCount: hitsA, trialCount: trialsA }, { hitCount: hitsB, trialCount: trialsB });

test("it agrees with SciPy to 1e-9", () => {
  for (const [hitsA, trialsA, hitsB, trialsB, p] of fisherVectors) {
    const ours = pOf(hitsA, trialsA, hitsB, trialsB);
    expect(Math.abs(ours - p) / p, `${hitsA} of ${trialsA}, ${hitsB} of ${trialsB}`).toBeLessThan(1e-9);
  }
});

function choose(n: number, k: number): bigint {
  let ways = 1n;
  for (let i = 0; i < k; i++) ways = (ways * BigInt(n - i)) / BigInt(i + 1);
  return ways;
}

/** All tables of the same margins, counted in whole numbers. */
function exactP(hitsA: number, trialsA: number, hitsB: number, trialsB: number): number {
  const hits = hitsA + hitsB;
  const ways = (k: number): bigint => choose(trialsA, k) * choose(trialsB, hits - k);
  let all = 0n;
  let asUnlikely = 0n;
  for (let k = Math.max(0, hits - trialsB); k <= Math.min(hits, trialsA); k++) {
    all += ways(k);
    if (ways(k) <= ways(hitsA)) asUnlikely += ways(k);
  }
  return Number((asUnlikely * 10n ** 18n) / all) / 1e18;
}

const arm = fc
  .integer({ min: 1, max: 30 })
  .chain((n) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n)));

test("it agrees with a count of all tables, and neither the order of arms nor what is a hit matters", () => {
  fc.assert(
    fc.property(arm, arm, ([a, n], [b, m]) => {
      const p = pOf(a, n, b, m);
      expect(p).toBeCloseTo(exactP(a, n, b, m), 12);
      expect(pOf(b, m, a, n)).toBeCloseTo(p, 12);
      expect(pOf(n - a, n, m - b, m)).toBeCloseTo(p, 12);
    }),
  );
});

test("five refused of five and none of five is no chance, three of five may be", () => {
  expect(pOf(5, 5, 0, 5)).toBeCloseTo(2 / 252, 12);
  expect(pOf(3, 5, 0, 5)).toBeGreaterThan(0.05);
});

test("an arm without trials shows nothing, and what is all but impossible is 0 rather than NaN", () => {
  expect(pOf(0, 0, 3, 5)).toBe(1);
  expect(pOf(1000, 1000, 0, 1000)).toBe(0);
});

test("more hits than trials are a defect", () => {
  expect(() => pOf(2, 1, 0, 1)).toThrow("2 hits in 1 trials");
});
