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

/** The reference model's name in plans and reports. It has no options. */
export const IDEAL = "ideal";

/** The figures in which the distance is shown; a document has it in all of them. */
export const shownDistances = [
  "allHeldShare",
  "waitNs.p50",
  "waitNs.p99",
  "canaryDelayNs.p99",
  "throughputPerSecond",
  "donePerSecond",
] as const;

/** A treatment beside that of `ideal`. */
export interface Distance {
  readonly treatmentId: string;
  readonly idealTreatmentId: string;
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

/** The distance of every treatment that has one, in the order of `treatmentIds`; that of `ideal` from itself is none. */
export function distancesFromIdeal(treatmentIds: readonly string[], trials: readonly TrialRow[]): Distance[] {
  const idealOf = idealTrials(trials);
  const pairs = new Map<string, Pair[]>();
  for (const trial of trials) {
    const model = idealOf(trial);
    if (!trial.valid || trial.runtime === IDEAL || model === null) continue;
    const own = pairs.get(trial.treatmentId) ?? [];
    own.push({ trial, model });
    pairs.set(trial.treatmentId, own);
  }
  return treatmentIds.flatMap((id) => distanceOf(id, pairs.get(id) ?? []));
}

/** Finds the valid trial of `ideal` on the same trace with as many workers; null: there is none. */
export function idealTrials(trials: readonly TrialRow[]): (trial: TrialRow) => TrialRow | null {
  const keyOf = ({ traceHash, workerCount }: TrialRow): string => `${traceHash} ${workerCount}`;
  const models = trials.filter(({ runtime, valid }) => runtime === IDEAL && valid);
  const byKey = new Map(models.map((trial) => [keyOf(trial), trial]));
  return (trial) => byKey.get(keyOf(trial)) ?? null;
}

interface Pair {
  readonly trial: TrialRow;
  readonly model: TrialRow;
}

function distanceOf(treatmentId: string, pairs: readonly Pair[]): Distance[] {
  const [first] = pairs;
  if (first === undefined) return [];
  const metrics = fileMetrics(({ name, better }) => {
    if (better === "neither") return null;
    return metricDistance(
      pairs.flatMap(({ trial, model }) => {
        const figure = figureOf(trial, name);
        const idealFigure = figureOf(model, name);
        return figure === null || idealFigure === null ? [] : [{ figure, idealFigure }];
      }),
    );
  });
  return [{ treatmentId, idealTreatmentId: first.model.treatmentId, n: pairs.length, metrics }];
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
