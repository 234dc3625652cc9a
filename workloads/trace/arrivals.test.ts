import { describe, expect, test } from "vitest";
import { type Arrivals, arrivalTimesNs } from "./arrivals.ts";
import { randomStream } from "./random.ts";

const seconds = (arrivals: Arrivals, windowNs = 10e9): Float64Array =>
  arrivalTimesNs(arrivals, windowNs, randomStream(1, "test"));

describe("arrivals", () => {
  test("constant: equal gaps, the first after half a gap, as many as the rate says", () => {
    expect([...seconds({ kind: "constant", ratePerSecond: 4 }, 1e9)]).toEqual([
      0.125e9, 0.375e9, 0.625e9, 0.875e9,
    ]);
  });

  test("constant: a rate that fits no arrival into the window gives none", () => {
    expect(seconds({ kind: "constant", ratePerSecond: 0.1 }, 1e9)).toHaveLength(0);
  });

  test("poisson: the count is near the mean and the gaps vary like an exponential", () => {
    const times = seconds({ kind: "poisson", ratePerSecond: 1000 });
    expect(Math.abs(times.length - 10_000)).toBeLessThan(500);
    const gaps = times.slice(1).map((at, index) => at - (times[index] as number));
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
  });

  test("bursts: come in whole bursts at one instant and keep the mean rate", () => {
    const times = seconds({ kind: "bursts", ratePerSecond: 1000, size: 8 });
    expect(times.length % 8).toBe(0);
    expect(new Set(times).size).toBe(times.length / 8);
    expect(Math.abs(times.length - 10_000)).toBeLessThan(1200);
  });

  test("ramp: three quarters of the arrivals fall into the second half", () => {
    const times = seconds({ kind: "ramp", ratePerSecond: 1000 });
    expect(times).toHaveLength(10_000);
    expect(times.filter((at) => at >= 5e9).length / times.length).toBeCloseTo(0.75, 3);
  });

  test("at once and given times stand as they are", () => {
    expect([...seconds({ kind: "at-once", count: 3 })]).toEqual([0, 0, 0]);
    expect([...seconds({ kind: "times", atNs: [0, 5, 5] })]).toEqual([0, 5, 5]);
  });

  test.each(["constant", "poisson", "bursts", "ramp"] as const)(
    "%s: ascending and within the window",
    (kind) => {
      const times = seconds(
        kind === "bursts" ? { kind, ratePerSecond: 700, size: 5 } : { kind, ratePerSecond: 700 },
      );
      times.forEach((at, index) => {
        expect(at).toBeGreaterThanOrEqual(index === 0 ? 0 : (times[index - 1] as number));
        expect(at).toBeLessThan(10e9);
      });
    },
  );
});
