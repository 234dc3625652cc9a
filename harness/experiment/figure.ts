/** Figures of trials by the names of their metrics, as the columns of the CSV have them. */
import type { TrialRow } from "../../reports/analyze.ts";
import { metrics } from "../../reports/metrics/catalog.ts";
import { leafOf } from "../../reports/metrics/tree.ts";
import { unknownName } from "../plan/unknown-name.ts";
import { UsageError } from "../plan/usage-error.ts";

const names: readonly string[] = metrics.map(({ name }) => name);

/**
 * A figure of a trial of a document, e.g. `figureOf(trial, "waitNs.p99")`. A name that ends in Ns, before a quantile
 * or at its end, is in ns; isoload/result.schema.json defines each. null: the trial has no figures, or not this one.
 * Throws a UsageError with the nearest name where no metric is called so.
 */
export function figureOf({ metrics: figures }: Pick<TrialRow, "metrics">, metric: string): number | null {
  if (!names.includes(metric)) {
    throw new UsageError([{ where: "figureOf", message: unknownName("metric", metric, names) }]);
  }
  return figures === null ? null : leafOf(figures, metric);
}
