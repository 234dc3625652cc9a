import { describe, expect, test } from "vitest";
import {
  foreignCoresBound,
  GAP_NS,
  stolenCoresBound,
  THROTTLED_NS,
  WITNESS_LATENESS_NS,
} from "../../reports/judge/bounds.ts";
import { classOf, measures, type NoiseFigures, noiseOf, smallestEffectShare, spreadOf } from "./noise.ts";

const quiet: NoiseFigures = {
  observedNs: 2e9,
  foreignCores: 0.01,
  stolenCores: 0,
  throttledNs: 0,
  longestGapNs: 0,
  tickCount: 1999,
  tickLatenessNsP99: 0.1e6,
  tickLatenessNsMax: 2e6,
  pairCount: 100,
  runNs: 10e6,
  pairSpreadShare: 0.005,
};

const classWith = (figures: Partial<NoiseFigures>): string => noiseOf({ ...quiet, ...figures }).noiseClass;

test("a machine on which nothing is amiss is quiet", () => {
  expect(classWith({})).toBe("quiet");
});

test.each<[keyof NoiseFigures, number, number]>([
  ["foreignCores", 0.05, 0.3],
  ["stolenCores", 0.02, 0.1],
  ["tickLatenessNsP99", 0.25e6, 1e6],
  ["tickLatenessNsMax", 10e6, 20e6],
])("%s up to %d is quiet, up to %d usable, and noisy beyond", (name, quietTo, usableTo) => {
  const more = 1 + 1e-9;
  expect(
    [quietTo, quietTo * more, usableTo, usableTo * more].map((value) => classWith({ [name]: value })),
  ).toEqual(["quiet", "usable", "usable", "noisy"]);
});

test("a gap of up to 20 ms may be none, and beyond is noisy", () => {
  expect([20e6, 20e6 + 1].map((longestGapNs) => classWith({ longestGapNs }))).toEqual(["quiet", "noisy"]);
});

test("any throttling is noisy", () => {
  expect(classWith({ throttledNs: 1 })).toBe("noisy");
});

test("the spread of equal runs decides by the effect that ten rounds would show: 1 % and 5 %", () => {
  const effect = (share: number): string =>
    classWith({ pairSpreadShare: (Math.log1p(share) * Math.sqrt(10)) / 2.801585 });
  expect([0.0099, 0.0101, 0.0499, 0.0501].map(effect)).toEqual(["quiet", "usable", "usable", "noisy"]);
});

test("beyond usable, a trial would be refused: the bounds are those of its judgement", () => {
  const long = { lengthNs: Number.POSITIVE_INFINITY, cpuCount: 2, coreCount: 2, workerCount: 1 };
  const { foreignCores, stolenCores, throttledNs, longestGapNs, tickLatenessNsP99 } = measures;
  expect(
    [foreignCores, stolenCores, throttledNs, longestGapNs, tickLatenessNsP99].map(({ usableTo }) => usableTo),
  ).toEqual([foreignCoresBound(long), stolenCoresBound(long), THROTTLED_NS, GAP_NS, WITNESS_LATENESS_NS]);
});

test("the class is that of the worst measure", () => {
  expect(classWith({ foreignCores: 0.1 })).toBe("usable");
  expect(classWith({ foreignCores: 0.1, longestGapNs: 1e9 })).toBe("noisy");
});

test("what the machine does not tell is in no class, and what is no number is no proof of quiet", () => {
  const untold = { foreignCores: null, stolenCores: null, throttledNs: null, longestGapNs: null };
  expect(classWith(untold)).toBe("quiet");
  expect(classOf(measures.foreignCores, { ...quiet, ...untold })).toBeNull();
  expect(classWith({ ...untold, pairSpreadShare: Number.NaN })).toBe("noisy");
});

describe("the spread", () => {
  const even = Array.from({ length: 101 }, (_, index) => index);

  test("is that of the normal distribution with the same p10 and p90", () => {
    // The 11th and the 91st of 101 values.
    expect(spreadOf(even.toReversed())).toBeCloseTo((90 - 10) / 2.563103, 6);
    expect(spreadOf([3, 3, 3])).toBe(0);
  });

  test("does not see a few outliers, and sees many", () => {
    const withOutliers = (count: number): number[] =>
      even.map((value) => (value > 100 - count ? 1e9 : value));
    expect(spreadOf(withOutliers(10))).toBe(spreadOf(even));
    expect(spreadOf(withOutliers(20))).toBeGreaterThan(1e8);
  });
});

describe("the smallest effect", () => {
  test("is the textbook's: 2.8 standard errors, as a share", () => {
    expect(smallestEffectShare(0.1, 10)).toBeCloseTo(Math.exp(0.2801585 / Math.sqrt(10)) - 1, 6);
    expect(smallestEffectShare(0, 10)).toBe(0);
  });

  test("halves with four times the rounds, while it is small", () => {
    expect(smallestEffectShare(0.01, 40) / smallestEffectShare(0.01, 10)).toBeCloseTo(0.5, 2);
  });

  test("is shown for ten and twenty rounds", () => {
    expect(noiseOf(quiet).smallestEffects).toEqual([
      { roundCount: 10, share: smallestEffectShare(0.005, 10) },
      { roundCount: 20, share: smallestEffectShare(0.005, 20) },
    ]);
  });
});
