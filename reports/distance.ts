/**
 * How far a runtime is from the reference model: on the same trace, with as many workers.
 *
 * `ideal` has one FIFO queue and no overhead, so what a figure differs from its figure is what scheduling, overhead
 * and the machine made of it. It is a reference, not a bound: another queue order may serve a trace better.
 * Traces differ from round to round, so a trial is compared with the trial of `ideal` on its very trace, and the
 * distance is the median over these pairs.
 */
import type { TrialRow } from "./analyze.ts";
import { type Estimate, estimateOf } from "./estimate.ts";
import { fileMetrics, leafOf, type MetricTree } from "./metrics/tree.ts";
import type { Cell, ResultDocument } from "./report.ts";

/** The reference model's name in plans and reports. It has no options. */
export const IDEAL = "ideal";

/** A cell beside the cell of `ideal`. */
export interface CellDistance {
  readonly treatmentId: string;
  /** null: no trial of `ideal` shares a trace and the worker count with a valid trial of the cell. */
  readonly ideal: IdealDistance | null;
}

export interface IdealDistance {
  readonly treatmentId: string;
  /** Valid trials with their valid counterpart. */
  readonly n: number;
  /** null: the figure is neither better high nor low, or no pair has it twice. */
  readonly metrics: MetricTree<MetricDistance | null>;
}

export interface MetricDistance {
  /** What `ideal` has, over the traces of the pairs. */
  readonly ideal: Estimate;
  /** The trial's figure less the model's, in the metric's unit. */
  readonly difference: Estimate;
  /** The trial's figure by the model's; null where the model's is 0 for some pair. */
  readonly ratio: Estimate | null;
}

/** The distance of every cell, in the order of the document. That of `ideal` from itself is 0, its ratio 1. */
export function distanceFromIdeal({ cells, trials }: ResultDocument): CellDistance[] {
  const valid = trials.filter((trial) => trial.valid);
  const models = new Map(
    valid
      .filter(({ runtime }) => runtime === IDEAL)
      .map((trial): [string, TrialRow] => [pairKey(trial), trial]),
  );
  return cells.map((cell) => ({ treatmentId: cell.treatmentId, ideal: distanceOf(cell, valid, models) }));
}

function pairKey({ traceHash, workerCount }: TrialRow): string {
  return `${traceHash} ${workerCount}`;
}

function distanceOf(
  { treatmentId }: Cell,
  trials: readonly TrialRow[],
  models: ReadonlyMap<string, TrialRow>,
): IdealDistance | null {
  const pairs = trials.flatMap((trial) => {
    const model = models.get(pairKey(trial));
    return trial.treatmentId === treatmentId && model !== undefined ? [{ trial, model }] : [];
  });
  const first = pairs[0];
  if (first === undefined) return null;
  return {
    treatmentId: first.model.treatmentId,
    n: pairs.length,
    metrics: fileMetrics(({ name, better }) => {
      if (better === "neither") return null;
      return metricDistance(
        pairs.flatMap(({ trial, model }) => {
          const figure = figureOf(trial, name);
          const idealFigure = figureOf(model, name);
          return figure === null || idealFigure === null ? [] : [{ figure, idealFigure }];
        }),
      );
    }),
  };
}

function figureOf({ metrics }: TrialRow, name: string): number | null {
  return metrics === null ? null : leafOf(metrics, name);
}

function metricDistance(
  pairs: readonly { readonly figure: number; readonly idealFigure: number }[],
): MetricDistance | null {
  if (pairs.length === 0) return null;
  return {
    ideal: estimateOf(pairs.map(({ idealFigure }) => idealFigure)),
    difference: estimateOf(pairs.map(({ figure, idealFigure }) => figure - idealFigure)),
    ratio: pairs.some(({ idealFigure }) => idealFigure === 0)
      ? null
      : estimateOf(pairs.map(({ figure, idealFigure }) => figure / idealFigure)),
  };
}
