/** Cases whose every figure is known in closed form: blocks of one length, blockers first, one queue for all. */
import { describe, expect, test } from "vitest";
import { MS } from "../fixtures/compositions.ts";
import { everyMs, type HeldCase, playHeld, runsAtMs } from "../fixtures/held.ts";
import { facts } from "../fixtures/scene.ts";
import { allHeldOf } from "./all-held.ts";
import { canariesOf } from "./canaries.ts";
import { metrics } from "./catalog.ts";
import { type Measures, measure } from "./measures.ts";
import { quantile } from "./quantile.ts";
import { minimumUtilization } from "./utilization.ts";

const every = (count: number, everyTime: number): number[] =>
  Array.from({ length: count }, (_, index) => index * everyTime);

interface KnownCase extends HeldCase {
  readonly name: string;
  readonly allHeldShare: number;
  /** ms: mean, p50, p90, p99, max. */
  readonly canary: readonly [number, number, number, number, number];
  readonly lateShare: number;
  readonly starvedShare: number;
  /** Over 20, 50, 100 and 200 ms. */
  readonly mmu: readonly [number, number, number, number];
  /** What a canary sees that is due again one period after it ran: count, mean and p99 in ms. */
  readonly rearmed: readonly [number, number, number];
}

const oneBlock = {
  windowMs: 200,
  allHeld: [[0, 100]],
  allHeldShare: 0.5,
  canary: [25, 0, 79.5, 97.5, 99.5],
  lateShare: 0.45,
  starvedShare: 99.5 / 200,
  mmu: [0, 0, 0, 0.5],
  rearmed: [100, 0.995, 0],
} as const;

const cases: readonly KnownCase[] = [
  {
    ...oneBlock,
    name: "D1: two blocks on two workers",
    workerCount: 2,
    blocks: [
      [0, 0, 100],
      [1, 0, 100],
    ],
  },
  { ...oneBlock, name: "D2: one block on one worker", workerCount: 1, blocks: [[0, 0, 100]] },
  {
    name: "D3: two blocks on four workers",
    workerCount: 4,
    windowMs: 200,
    blocks: [
      [0, 0, 100],
      [1, 0, 100],
    ],
    allHeld: [],
    allHeldShare: 0,
    canary: [0, 0, 0, 0, 0],
    lateShare: 0,
    starvedShare: 0,
    mmu: [1, 1, 1, 1],
    rearmed: [200, 0, 0],
  },
  {
    name: "D5: a second block half-way",
    workerCount: 2,
    windowMs: 200,
    blocks: [
      [0, 0, 100],
      [1, 50, 150],
    ],
    allHeld: [[50, 100]],
    allHeldShare: 0.25,
    canary: [6.25, 0, 29.5, 47.5, 49.5],
    lateShare: 0.2,
    starvedShare: 49.5 / 200,
    mmu: [0, 0, 0.5, 0.75],
    rearmed: [150, 0.33, 0],
  },
  {
    name: "D7: a pair every 100 ms",
    workerCount: 2,
    windowMs: 1000,
    blocks: every(10, 100).flatMap((start) =>
      [0, 1].map((worker): [number, number, number] => [worker, start, start + 50]),
    ),
    allHeld: every(10, 100).map((start) => [start, start + 50]),
    allHeldShare: 0.5,
    canary: [12.5, 0, 39.5, 48.5, 49.5],
    lateShare: 0.4,
    starvedShare: 0.495,
    mmu: [0, 0, 0.5, 0.5],
    rearmed: [500, 0.999, 50],
  },
  {
    name: "D8: a block every 500 ms",
    workerCount: 1,
    windowMs: 3000,
    blocks: every(6, 500).map((start) => [0, start, start + 100]),
    allHeld: every(6, 500).map((start) => [start, start + 100]),
    allHeldShare: 0.2,
    canary: [10, 0, 49.5, 94.5, 99.5],
    lateShare: 0.18,
    starvedShare: 0.199,
    mmu: [0, 0, 0, 0.5],
    rearmed: [2400, 599.5 / 2400, 0],
  },
];

function measured(known: HeldCase, canariesDueMs?: readonly number[]): Measures {
  return measure({ ...playHeld(known, canariesDueMs), facts, coreCount: 2, foreign: null });
}

function figure(measures: Measures, name: string): number | null | undefined {
  return metrics.find((metric) => metric.name === name)?.of(measures);
}

/** To 1e-9 of the value, and exactly zero where it is zero. */
function expectExactly(value: number | null | undefined, known: number, what: string): void {
  expect(Math.abs((value ?? Number.NaN) - known), what).toBeLessThanOrEqual(1e-9 * Math.abs(known));
}

/** The report refuses a percentile of few samples; the analysis knows it all the same. */
function delayQuantileMs(known: HeldCase, q: number, canariesDueMs?: readonly number[]): number {
  const { dueNs, runNs } = canariesOf(playHeld(known, canariesDueMs).records, known.windowMs * MS);
  return (
    quantile(
      runNs.map((ran, canary) => ran - (dueNs[canary] ?? 0)),
      q,
    ) / MS
  );
}

describe.each(cases)("$name", (known) => {
  test("every figure of its hand-made records is exact", () => {
    const measures = measured(known);
    const [mean, p50, p90, p99, max] = known.canary;
    expectExactly(figure(measures, "allHeldShare"), known.allHeldShare, "allHeldShare");
    expectExactly(figure(measures, "allHeldShareRaw"), known.allHeldShare, "allHeldShareRaw");
    expectExactly(figure(measures, "allBusyShare"), known.allHeldShare, "allBusyShare");
    expectExactly(figure(measures, "canaryDelayNs.count"), known.windowMs, "count");
    expectExactly(figure(measures, "canaryDelayNs.mean"), mean * MS, "mean");
    expectExactly(figure(measures, "canaryDelayNs.p50"), p50 * MS, "p50");
    expectExactly(figure(measures, "canaryDelayNs.p90"), p90 * MS, "p90");
    expectExactly(delayQuantileMs(known, 0.99), p99, "p99");
    expectExactly(figure(measures, "canaryDelayNs.max"), max * MS, "max");
    expectExactly(figure(measures, "longestFreezeNs"), max * MS, "longest freeze");
    expectExactly(figure(measures, "lateCanaryShare"), known.lateShare, "late");
    expectExactly(figure(measures, "starvedShare"), known.starvedShare, "starvedShare");
  });

  test("its minimum utilization over 20, 50, 100 and 200 ms is exact", () => {
    const { trace, records } = playHeld(known);
    const windowNs = known.windowMs * MS;
    const { held } = allHeldOf({ trace, records, canaries: canariesOf(records, windowNs), windowNs });
    [20, 50, 100, 200].forEach((ms, index) => {
      const least = minimumUtilization(held, { windowNs, lengthNs: ms * MS });
      expectExactly(least, known.mmu[index] ?? Number.NaN, `${ms} ms`);
    });
  });

  test("all of its waiting is for want of workers", () => {
    const measures = measured(known);
    if (known.lateShare === 0) {
      expect(figure(measures, "cause.capacityShare")).toBeNull();
      return;
    }
    expectExactly(figure(measures, "cause.capacityShare"), 1, "capacity");
    for (const other of ["generator", "cores", "scheduler", "waking"]) {
      expectExactly(figure(measures, `cause.${other}Share`), 0, other);
    }
    expect(figure(measures, "cause.hostShare")).toBeNull();
  });

  test("its episodes lie θ behind the start of its stretches, under the blocks that hold the workers", () => {
    const { episodes } = measured(known);
    for (const thresholdMs of [1, 10, 20, 100]) {
      const told = episodes.told.filter(({ thresholdNs }) => thresholdNs === thresholdMs * MS);
      expect(told.map(({ startNs, endNs }) => [startNs / MS, endNs / MS])).toEqual(
        known.allHeld
          .map(([start, end]) => [start + 0.5 + thresholdMs, end])
          .filter(([start = 0, end = 0]) => start < end),
      );
      for (const { endNs, holds } of told) {
        expect(holds).toHaveLength(known.workerCount);
        expect(holds.every((hold) => hold.op === "block" && hold.endNs >= endNs)).toBe(true);
        expect(holds.map(({ worker }) => worker).sort()).toEqual([...Array(known.workerCount).keys()]);
      }
    }
  });

  test("a canary that re-arms after it ran would have seen next to nothing of it", () => {
    const dueMs: number[] = [];
    for (let due = 0.5; due < known.windowMs; due = runsAtMs(known, due) + 1) dueMs.push(due);
    const [count, mean, p99] = known.rearmed;
    const measures = measured(known, dueMs);
    expectExactly(figure(measures, "canaryDelayNs.count"), count, "count");
    expectExactly(figure(measures, "canaryDelayNs.mean"), mean * MS, "mean");
    expectExactly(delayQuantileMs(known, 0.99, dueMs), p99, "p99");
    // Ours is not that canary.
    expect(everyMs(known)).toHaveLength(known.windowMs);
  });
});
