import { expect, test } from "vitest";
import { ideal } from "../runtimes/ideal/ideal.ts";
import type { TrialRow } from "./analyze.ts";
import { type Distance, distancesFromIdeal, IDEAL, idealTrials, type MetricDistance } from "./distance.ts";
import { sampleDocument } from "./fixtures/document.ts";
import { fileMetrics, leafOf } from "./metrics/tree.ts";

interface Made {
  readonly runtime: string;
  readonly round: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly workerCount?: number;
  readonly valid?: boolean;
}

/** These trials: a treatment a runtime, a trace a round. */
function trialsOf(made: readonly Made[]): TrialRow[] {
  const row = sampleDocument().trials.find(({ valid }) => valid);
  if (row === undefined) throw new Error("the sample has no valid trial");
  return made.map(
    ({ runtime, round, figures, workerCount = 2, valid = true }): TrialRow => ({
      ...row,
      id: `r${round}-${runtime}`,
      treatmentId: runtime,
      runtime,
      round,
      workerCount,
      valid,
      traceHash: String(round).repeat(64),
      metrics: fileMetrics(({ name }) => figures[name] ?? null),
    }),
  );
}

function distancesOf(made: readonly Made[]): Distance[] {
  return distancesFromIdeal([...new Set(made.map(({ runtime }) => runtime))], trialsOf(made));
}

function metricOf(distance: Distance | undefined, name: string): MetricDistance | null {
  return distance === undefined ? null : leafOf(distance.metrics, name);
}

const single = (estimate: number) => ({ n: 1, estimate, interval: null });

test("the model goes by the name that its runtime has", () => {
  expect(IDEAL).toBe(ideal.name);
});

test("a figure stands beside the model's, as difference and as ratio", () => {
  const [native] = distancesOf([
    { runtime: "ideal", round: 0, figures: { "waitNs.p99": 40, starvedShare: 0.1 } },
    { runtime: "native", round: 0, figures: { "waitNs.p99": 50, starvedShare: 0.25 } },
  ]);
  expect(native).toMatchObject({ treatmentId: "native", idealTreatmentId: "ideal", n: 1 });
  expect(metricOf(native, "waitNs.p99")).toEqual({
    ideal: single(40),
    difference: single(10),
    ratio: single(1.25),
  });
  expect(metricOf(native, "starvedShare")).toMatchObject({ difference: single(0.15), ratio: single(2.5) });
});

test("rounds are compared trace by trace, not median with median", () => {
  const [native] = distancesOf([
    ...[10, 1000, 20].map((p99, round) => ({ runtime: "ideal", round, figures: { "waitNs.p99": p99 } })),
    // The round of the slow trace is missing: beside the model's median of 20, 12 would look like less.
    { runtime: "native", round: 0, figures: { "waitNs.p99": 12 } },
    { runtime: "native", round: 1, figures: { "waitNs.p99": 5000 }, valid: false },
  ]);
  expect(native?.n).toBe(1);
  expect(metricOf(native, "waitNs.p99")).toEqual({
    ideal: single(10),
    difference: single(2),
    ratio: single(1.2),
  });
});

test("six rounds have an interval", () => {
  const rounds = [0, 1, 2, 3, 4, 5];
  const [native] = distancesOf([
    ...rounds.map((round) => ({ runtime: "ideal", round, figures: { "waitNs.p99": 10 } })),
    ...rounds.map((round) => ({ runtime: "native", round, figures: { "waitNs.p99": 11 + round } })),
  ]);
  expect(metricOf(native, "waitNs.p99")?.difference).toEqual({
    n: 6,
    estimate: 3.5,
    interval: { low: 1, high: 6, coverageShare: 0.96875 },
  });
});

test("where the model's figure is 0 there is a difference and no ratio", () => {
  const [native] = distancesOf([
    { runtime: "ideal", round: 0, figures: { starvedShare: 0 } },
    { runtime: "native", round: 0, figures: { starvedShare: 0.3 } },
  ]);
  expect(metricOf(native, "starvedShare")).toEqual({
    ideal: single(0),
    difference: single(0.3),
    ratio: null,
  });
});

test("the model has no distance from itself, and treatments stand in the order asked for", () => {
  const trials = trialsOf(
    ["ideal", "native", "single-thread"].map((runtime) => ({ runtime, round: 0, figures: {} })),
  );
  const ids = (order: readonly string[]): string[] =>
    distancesFromIdeal(order, trials).map(({ treatmentId }) => treatmentId);
  expect(ids(["single-thread", "ideal", "native"])).toEqual(["single-thread", "native"]);
  expect(ids(["native", "single-thread"])).toEqual(["native", "single-thread"]);
});

test("of one trial it is the trial of the model on the same trace with as many workers", () => {
  const [model, other, native] = trialsOf([
    { runtime: "ideal", round: 0, figures: {} },
    { runtime: "ideal", round: 0, figures: {}, workerCount: 4 },
    { runtime: "native", round: 0, figures: {} },
  ]);
  if (model === undefined || other === undefined || native === undefined) throw new Error("there are three");
  expect(idealTrials([other, model, native])(native)).toBe(model);
  expect(idealTrials([other, native])(native)).toBeNull();
});

test("a figure that one of the two lacks, or that is neither good nor bad, has no distance", () => {
  const [native] = distancesOf([
    { runtime: "ideal", round: 0, figures: { "waitNs.p99": 40, offeredPerSecond: 7 } },
    { runtime: "native", round: 0, figures: { rssBytes: 1e6, offeredPerSecond: 7 } },
  ]);
  expect(native?.n).toBe(1);
  for (const name of ["waitNs.p99", "rssBytes", "offeredPerSecond"]) {
    expect(metricOf(native, name), name).toBeNull();
  }
});

const strangers: readonly (readonly [string, Partial<Made>])[] = [
  ["another trace", { round: 1 }],
  ["another number of workers", { workerCount: 4 }],
  ["a trial that is not valid", { valid: false }],
  ["no model at all", { runtime: "single-thread" }],
];

test.each(strangers)("%s is no reference", (_, change) => {
  const native = { runtime: "native", round: 0, figures: { "waitNs.p99": 50 } };
  const model = { runtime: "ideal", round: 0, figures: { "waitNs.p99": 40 } };
  expect(distancesOf([native, model])).toHaveLength(1);
  expect(distancesOf([native, { ...model, ...change }])).toEqual([]);
});
