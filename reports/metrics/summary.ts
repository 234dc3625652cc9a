/** A distribution in seven figures, and the seven metrics that follow from it. */
import type { Metric } from "./metric.ts";
import { nearestRank, quantiles } from "./quantile.ts";

export interface Summary {
  readonly count: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly p999: number | null;
  readonly max: number | null;
  readonly mean: number | null;
}

/** A percentile with fewer samples above it says more about chance than about the tail: it is refused. */
export const MIN_SAMPLES_ABOVE = 10;

export const percentiles: Readonly<Record<"p50" | "p90" | "p99" | "p999", number>> = {
  p50: 0.5,
  p90: 0.9,
  p99: 0.99,
  p999: 0.999,
};

export const summaryFields: readonly (keyof Summary)[] = [
  "count",
  "p50",
  "p90",
  "p99",
  "p999",
  "max",
  "mean",
];

const NOTHING: Summary = { count: 0, p50: null, p90: null, p99: null, p999: null, max: null, mean: null };

/** Summarises `values` and reorders them. */
export function summarize(values: Float64Array): Summary {
  const count = values.length;
  if (count === 0) return NOTHING;
  let sum = 0;
  let max = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index++) {
    const value = values[index] as number;
    sum += value;
    if (value > max) max = value;
  }
  const [p50 = 0, p90 = 0, p99 = 0, p999 = 0] = quantiles(values, Object.values(percentiles));
  return {
    count,
    p50: shownQuantile(percentiles.p50, count, p50),
    p90: shownQuantile(percentiles.p90, count, p90),
    p99: shownQuantile(percentiles.p99, count, p99),
    p999: shownQuantile(percentiles.p999, count, p999),
    max,
    mean: sum / count,
  };
}

/** `value`, the q-quantile of `count` samples, or null where too few lie above it. */
export function shownQuantile(q: number, count: number, value: number): number | null {
  return count - nearestRank(q, count) >= MIN_SAMPLES_ABOVE ? value : null;
}

const meanings: Readonly<Record<keyof Summary, string>> = {
  count: "Samples of",
  p50: "Median of",
  p90: "90th percentile of",
  p99: "99th percentile of",
  p999: "99.9th percentile of",
  max: "Largest",
  mean: "Mean of",
};

interface What<Trial> extends Pick<Metric<Trial>, "name" | "section" | "definition" | "source"> {
  /** How percentiles were taken; left out: from all values, by nearest rank. */
  readonly percentilesFrom?: string;
}

/** The seven metrics of one distribution of lengths of time; all null where the trial has none. */
export function summaryMetrics<Trial>(
  { percentilesFrom = "Exact, nearest rank ceil(q·n).", ...what }: What<Trial>,
  summaryOf: (trial: Trial) => Summary | null,
): Metric<Trial>[] {
  return summaryFields.map((field) => ({
    name: `${what.name}.${field}`,
    section: what.section,
    unit: field === "count" ? "count" : "ns",
    better: field === "count" ? "neither" : "lower",
    definition: `${meanings[field]} ${what.name}: ${what.definition}`,
    source: field in percentiles ? `${what.source} ${percentilesFrom}` : what.source,
    of: (trial) => summaryOf(trial)?.[field] ?? null,
  }));
}
