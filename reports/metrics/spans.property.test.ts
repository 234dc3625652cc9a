import fc from "fast-check";
import { expect, test } from "vitest";
import { coveredNs, type Spans, unionOf } from "./spans.ts";
import { minimumUtilization } from "./utilization.ts";

/** Stretches on a grid of whole numbers, so that a slot [k, k + 1) is covered or not. */
const stretches = fc
  .array(fc.tuple(fc.nat(60), fc.nat(12)), { maxLength: 12 })
  .map((drawn) =>
    drawn
      .map(([start, length]) => ({ start, end: start + length }))
      .sort((one, other) => one.start - other.start),
  );

type Stretch = { readonly start: number; readonly end: number };

function united(all: readonly Stretch[], gapNs: number): Spans {
  return unionOf(
    Float64Array.from(all, ({ start }) => start),
    Float64Array.from(all, ({ end }) => end),
    gapNs,
  );
}

const isCovered = (all: readonly Stretch[], slot: number): boolean =>
  all.some(({ start, end }) => start <= slot && slot < end);

const slots = Array.from({ length: 80 }, (_, slot) => slot);

test("a union covers what any of its stretches covers, in disjoint ascending spans", () => {
  fc.assert(
    fc.property(stretches, fc.nat(80), (all, untilNs) => {
      const spans = united(all, 0);
      expect(coveredNs(spans, untilNs)).toBe(
        slots.filter((slot) => slot < untilNs && isCovered(all, slot)).length,
      );
      for (let span = 1; span < spans.startsNs.length; span++) {
        expect(spans.startsNs[span]).toBeGreaterThan(spans.endsNs[span - 1] ?? Number.NaN);
      }
    }),
    { numRuns: 500 },
  );
});

test("a union with a gap closes every hole shorter than it and no other", () => {
  fc.assert(
    fc.property(
      stretches.map((all) => all.filter(({ start, end }) => start < end)),
      fc.integer({ min: 1, max: 10 }),
      (all, gapNs) => {
        const spans = united(all, gapNs);
        const first = Math.min(...all.map(({ start }) => start));
        const last = Math.max(...all.map(({ end }) => end));
        const filled = slots.filter((slot) => {
          if (slot < first || slot >= last) return false;
          let from = slot;
          let to = slot;
          while (from > first && !isCovered(all, from)) from--;
          while (to < last && !isCovered(all, to)) to++;
          // The hole around the slot is (from, to), without the covered slot before it.
          return isCovered(all, slot) || to - from - 1 < gapNs;
        }).length;
        expect(coveredNs(spans, 1000)).toBe(filled);
      },
    ),
    { numRuns: 500 },
  );
});

test("minimum utilization is the least over windows at every instant", () => {
  fc.assert(
    fc.property(
      stretches,
      fc.integer({ min: 1, max: 75 }),
      fc.integer({ min: 1, max: 80 }),
      (all, windowNs, lengthNs) => {
        const inside = all
          .map(({ start, end }) => ({ start: Math.min(start, windowNs), end: Math.min(end, windowNs) }))
          .sort((one, other) => one.start - other.start);
        const least = minimumUtilization(united(inside, 0), { windowNs, lengthNs });
        const starts = slots.filter((start) => start + lengthNs <= windowNs);
        if (starts.length === 0) {
          expect(least).toBeNull();
          return;
        }
        const held = starts.map(
          (start) =>
            slots.filter((slot) => slot >= start && slot < start + lengthNs && isCovered(inside, slot))
              .length,
        );
        expect(least).toBeCloseTo(1 - Math.max(...held) / lengthNs, 12);
      },
    ),
    { numRuns: 1000 },
  );
});
