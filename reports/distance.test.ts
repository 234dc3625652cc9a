import { expect, test } from "vitest";
import { ideal } from "../runtimes/ideal/ideal.ts";
import type { TrialRow } from "./analyze.ts";
import { type CellDistance, distanceFromIdeal, IDEAL, type MetricDistance } from "./distance.ts";
import { sampleDocument } from "./fixtures/document.ts";
import { fileMetrics, leafOf } from "./metrics/tree.ts";
import type { ResultDocument } from "./report.ts";

interface Made {
  readonly runtime: string;
  readonly round: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly workerCount?: number;
  readonly valid?: boolean;
}

/** A document of these trials: a treatment a runtime, a trace a round. */
function documentOf(made: readonly Made[]): ResultDocument {
  const sample = sampleDocument();
  const row = sample.trials.find(({ valid }) => valid);
  const cell = sample.cells[0];
  if (row === undefined || cell === undefined) throw new Error("the sample has no valid trial");
  const trials = made.map(
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
  const runtimes = [...new Set(made.map(({ runtime }) => runtime))];
  return {
    ...sample,
    trials,
    cells: runtimes.map((runtime) => ({ ...cell, treatmentId: runtime, runtime, workerCount: 2 })),
  };
}

function metricOf(cell: CellDistance | undefined, name: string): MetricDistance | null {
  return cell?.ideal ? leafOf(cell.ideal.metrics, name) : null;
}

const single = (estimate: number) => ({ n: 1, estimate, interval: null });

test("the model goes by the name that its runtime has", () => {
  expect(IDEAL).toBe(ideal.name);
});

test("a figure stands beside the model's, as difference and as ratio", () => {
  const [, native] = distanceFromIdeal(
    documentOf([
      { runtime: "ideal", round: 0, figures: { "waitNs.p99": 40, starvedShare: 0.1 } },
      { runtime: "native", round: 0, figures: { "waitNs.p99": 50, starvedShare: 0.25 } },
    ]),
  );
  expect(native).toMatchObject({ treatmentId: "native", ideal: { treatmentId: "ideal", n: 1 } });
  expect(metricOf(native, "waitNs.p99")).toEqual({
    ideal: single(40),
    difference: single(10),
    ratio: single(1.25),
  });
  expect(metricOf(native, "starvedShare")).toMatchObject({ difference: single(0.15), ratio: single(2.5) });
});

test("rounds are compared trace by trace, not median with median", () => {
  const [, native] = distanceFromIdeal(
    documentOf([
      ...[10, 1000, 20].map((p99, round) => ({ runtime: "ideal", round, figures: { "waitNs.p99": p99 } })),
      // The round of the slow trace is missing: beside the model's median of 20, 12 would look like less.
      { runtime: "native", round: 0, figures: { "waitNs.p99": 12 } },
      { runtime: "native", round: 1, figures: { "waitNs.p99": 5000 }, valid: false },
    ]),
  );
  expect(native?.ideal?.n).toBe(1);
  expect(metricOf(native, "waitNs.p99")).toEqual({
    ideal: single(10),
    difference: single(2),
    ratio: single(1.2),
  });
});

test("six rounds have an interval", () => {
  const rounds = [0, 1, 2, 3, 4, 5];
  const [, native] = distanceFromIdeal(
    documentOf([
      ...rounds.map((round) => ({ runtime: "ideal", round, figures: { "waitNs.p99": 10 } })),
      ...rounds.map((round) => ({ runtime: "native", round, figures: { "waitNs.p99": 11 + round } })),
    ]),
  );
  expect(metricOf(native, "waitNs.p99")?.difference).toEqual({
    n: 6,
    estimate: 3.5,
    interval: { low: 1, high: 6, coverageShare: 0.96875 },
  });
});

test("where the model's figure is 0 there is a difference and no ratio", () => {
  const [, native] = distanceFromIdeal(
    documentOf([
      { runtime: "ideal", round: 0, figures: { starvedShare: 0 } },
      { runtime: "native", round: 0, figures: { starvedShare: 0.3 } },
    ]),
  );
  expect(metricOf(native, "starvedShare")).toEqual({
    ideal: single(0),
    difference: single(0.3),
    ratio: null,
  });
});

test("the model is at no distance from itself", () => {
  const [model] = distanceFromIdeal(
    documentOf([{ runtime: "ideal", round: 0, figures: { "waitNs.p99": 40 } }]),
  );
  expect(metricOf(model, "waitNs.p99")).toMatchObject({ difference: single(0), ratio: single(1) });
});

test("a figure that one of the two lacks, or that is neither good nor bad, has no distance", () => {
  const [, native] = distanceFromIdeal(
    documentOf([
      { runtime: "ideal", round: 0, figures: { "waitNs.p99": 40, offeredPerSecond: 7 } },
      { runtime: "native", round: 0, figures: { rssBytes: 1e6, offeredPerSecond: 7 } },
    ]),
  );
  expect(native?.ideal?.n).toBe(1);
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
  const distances = distanceFromIdeal(
    documentOf([
      { runtime: "native", round: 0, figures: { "waitNs.p99": 50 } },
      { runtime: "ideal", round: 0, figures: { "waitNs.p99": 40 }, ...change },
    ]),
  );
  expect(distances[0]).toEqual({ treatmentId: "native", ideal: null });
});

test("a document without `ideal` has a row a cell and no distance", () => {
  const document = sampleDocument();
  expect(distanceFromIdeal(document)).toEqual(
    document.cells.map(({ treatmentId }) => ({ treatmentId, ideal: null })),
  );
});
