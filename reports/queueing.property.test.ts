import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type BlockingLoad,
  erlangB,
  erlangC,
  exponentialBlocks,
  fixedBlocks,
  partitionedQueues,
  type Waits,
} from "./queueing.ts";

const laws: readonly (readonly [string, (load: BlockingLoad) => Waits])[] = [
  ["exponential", exponentialBlocks],
  ["fixed", fixedBlocks],
];

const loads = fc
  .record({
    workerCount: fc.integer({ min: 1, max: 40 }),
    utilisation: fc.double({ min: 1e-3, max: 0.9, noNaN: true }),
    blockNsMean: fc.double({ min: 1, max: 1e9, noNaN: true }),
  })
  .map(({ workerCount, utilisation, blockNsMean }) => ({
    workerCount,
    erlangs: workerCount * utilisation,
    blockNsMean,
  }));

/** For what rounding alone may turn round. */
const ROUNDING = 1e-12;

test("who may wait does so more often than who is lost: B ≤ C, and C ≤ ρ", () => {
  fc.assert(
    fc.property(loads, ({ workerCount, erlangs }) => {
      const waiting = erlangC(workerCount, erlangs);
      expect(waiting).toBeGreaterThanOrEqual(erlangB(workerCount, erlangs));
      expect(waiting).toBeLessThanOrEqual((erlangs / workerCount) * (1 + ROUNDING));
    }),
  );
});

test("Erlang B is the share of the last of c + 1 states of the loss system, summed as it is defined", () => {
  fc.assert(
    fc.property(loads, ({ workerCount, erlangs }) => {
      let term = 1;
      let sum = 1;
      for (let k = 1; k <= workerCount; k++) {
        term *= erlangs / k;
        sum += term;
      }
      expect(erlangB(workerCount, erlangs) / (term / sum)).toBeCloseTo(1, 12);
    }),
  );
});

test.each(laws)("%s blocks: more load is more of everything, another worker is less", (_, waitsOf) => {
  fc.assert(
    fc.property(loads, fc.double({ min: 1.001, max: 1.05, noNaN: true }), (load, factor) => {
      const waits = waitsOf(load);
      const more = waitsOf({ ...load, erlangs: load.erlangs * factor });
      const wider = waitsOf({ ...load, workerCount: load.workerCount + 1 });
      expect(more.allHeldShare).toBeGreaterThan(waits.allHeldShare);
      expect(more.waitNsMean).toBeGreaterThan(waits.waitNsMean);
      expect(more.quantileNs(0.99)).toBeGreaterThanOrEqual(waits.quantileNs(0.99));
      expect(wider.allHeldShare).toBeLessThan(waits.allHeldShare);
      expect(wider.waitNsMean).toBeLessThan(waits.waitNsMean);
    }),
    { numRuns: 50 },
  );
});

const shares = fc.double({ min: 0, max: 0.999999, noNaN: true });

test.each(laws)(
  "%s blocks: quantiles rise with q, and a quantile is what its share exceeds",
  (_, waitsOf) => {
    fc.assert(
      fc.property(loads, shares, shares, (load, one, other) => {
        const waits = waitsOf(load);
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        expect(waits.quantileNs(low)).toBeLessThanOrEqual(waits.quantileNs(high));
        const atNs = waits.quantileNs(high);
        if (1 - high >= waits.allHeldShare) expect(atNs).toBe(0);
        else expect(waits.exceedsShare(atNs)).toBeCloseTo(1 - high, 10);
      }),
      { numRuns: 50 },
    );
  },
);

test.each(laws)(
  "%s blocks: the share that waits longer falls from A to 0, and its area is the mean",
  (_, waitsOf) => {
    fc.assert(
      fc.property(loads, (load) => {
        const waits = waitsOf(load);
        expect(waits.exceedsShare(0)).toBe(waits.allHeldShare);
        expect(waits.exceedsShare(1e4 * load.blockNsMean)).toBeLessThan(1e-18);
        // Simpson's rule, piece by piece: the fixed law has a kink at every whole block.
        const pieceNs = load.blockNsMean / 128;
        let area = 0;
        let beforeShare = waits.allHeldShare;
        for (let piece = 0; piece === 0 || beforeShare > 1e-9 * waits.allHeldShare; piece++) {
          const middleShare = waits.exceedsShare((piece + 0.5) * pieceNs);
          const afterShare = waits.exceedsShare((piece + 1) * pieceNs);
          expect(afterShare).toBeLessThanOrEqual(beforeShare + ROUNDING);
          area += ((beforeShare + 4 * middleShare + afterShare) * pieceNs) / 6;
          beforeShare = afterShare;
        }
        expect(area / waits.waitNsMean).toBeCloseTo(1, 4);
      }),
      { numRuns: 20 },
    );
  },
);

test.each(laws)("%s blocks: times scale with the block, shares do not", (_, waitsOf) => {
  fc.assert(
    fc.property(loads, (load) => {
      const waits = waitsOf(load);
      const unit = waitsOf({ ...load, blockNsMean: 1 });
      expect(waits.allHeldShare).toBe(unit.allHeldShare);
      expect(waits.waitNsMean / load.blockNsMean / unit.waitNsMean).toBeCloseTo(1, 12);
      expect(waits.quantileNs(0.999) / load.blockNsMean).toBeCloseTo(unit.quantileNs(0.999), 10);
    }),
    { numRuns: 50 },
  );
});

test("blocks of one length make shorter waits than random ones of the same mean, at least half as long", () => {
  fc.assert(
    fc.property(loads, (load) => {
      const ratio = fixedBlocks(load).waitNsMean / exponentialBlocks(load).waitNsMean;
      expect(ratio).toBeGreaterThanOrEqual(0.5 - ROUNDING);
      expect(ratio).toBeLessThan(1);
    }),
  );
});

test("one worker waits as Pollaczek and Khinchine say: ρB(1 + cv²)/2(1 − ρ), all held for ρ, B/(1 − ρ) at a time", () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 0.95, noNaN: true }), (erlangs) => {
      const load = { workerCount: 1, erlangs, blockNsMean: 1e6 };
      for (const [waits, squaredVariation] of [
        [exponentialBlocks(load), 1],
        [fixedBlocks(load), 0],
      ] as const) {
        const knownNs = (erlangs * 1e6 * (1 + squaredVariation)) / (2 * (1 - erlangs));
        expect(waits.allHeldShare).toBeCloseTo(erlangs, 12);
        expect(waits.waitNsMean / knownNs).toBeCloseTo(1, 9);
        expect((waits.allHeldNsMean ?? 0) / (1e6 / (1 - erlangs))).toBeCloseTo(1, 9);
      }
    }),
    { numRuns: 30 },
  );
});

test("at next to no load a stretch of all held ends with the first of c blocks: B/c", () => {
  for (const [, waitsOf] of laws) {
    for (const workerCount of [1, 2, 5]) {
      const waits = waitsOf({ workerCount, erlangs: 1e-6, blockNsMean: 1e6 });
      expect((waits.allHeldNsMean ?? 0) / (1e6 / workerCount)).toBeCloseTo(1, 5);
    }
  }
});

test("queues of their own: the scheduler's share is what all-held does not explain", () => {
  fc.assert(
    fc.property(loads, ({ workerCount, erlangs }) => {
      const { waitShare, allHeldShare, schedulerShare } = partitionedQueues(workerCount, erlangs);
      expect(waitShare).toBe(erlangs / workerCount);
      expect(allHeldShare + schedulerShare).toBeCloseTo(waitShare, 12);
      // One queue for all waits less often than c queues.
      expect(erlangC(workerCount, erlangs)).toBeLessThanOrEqual(waitShare * (1 + ROUNDING));
    }),
  );
  expect(partitionedQueues(2, 1)).toEqual({ waitShare: 0.5, allHeldShare: 0.25, schedulerShare: 0.25 });
  expect(partitionedQueues(1, 0.7).schedulerShare).toBe(0);
});
