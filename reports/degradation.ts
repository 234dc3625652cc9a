/**
 * What blocking does to the others: F(q) = q(response | blocks) / q(response | control) of the measured class, where
 * the control executes the same trace with a sleep in place of each block.
 *
 * Traces differ from round to round, so a trial is compared with the control of its own round, and F(q) is the
 * median over these pairs. Where the two were refused unequally often, a comparison is inconclusive, and there is none.
 */
import type { Treatment } from "../harness/trial/trial.ts";
import type { TrialRow } from "./analyze.ts";
import { type Estimate, estimateOf } from "./estimate.ts";
import { leafOf } from "./metrics/tree.ts";
import type { UnequalRefusals } from "./refusals.ts";

export const degradationQuantiles = ["p50", "p90", "p99"] as const;

export type DegradationQuantile = (typeof degradationQuantiles)[number];

/** Ratios of responses: 2 is twice as slow as without blocking. */
export interface Degradation extends Readonly<Record<DegradationQuantile, Estimate>> {
  /** Some trial left tasks unfinished, whose responses are in none of its percentiles: the ratios are at least these. */
  readonly isLowerBound: boolean;
  /** Why there is none of them; null: there is. */
  readonly absentBecause: string | null;
}

export interface Compared {
  readonly treatments: readonly Treatment[];
  readonly trials: readonly TrialRow[];
  /** Pairs of treatments whose comparison is inconclusive. */
  readonly unequal: readonly UnequalRefusals[];
}

/** Of a treatment over its valid trials, each beside the valid trial of its control in the same round. */
export function degradationOf(treatment: Treatment, { treatments, trials, unequal }: Compared): Degradation {
  const control = treatments.find(({ controlOf }) => controlOf === treatment.id);
  const refusals = unequal.find(
    ({ treatmentIds }) => control !== undefined && isPair(treatmentIds, treatment.id, control.id),
  );
  const pairs =
    control === undefined || refusals !== undefined
      ? new Map<string, TrialDegradation>()
      : degradationByTrial(treatment.id, control.id, trials);
  const ratios = [...pairs.values()];
  const over = (quantile: DegradationQuantile): Estimate =>
    estimateOf(ratios.map((each) => each[quantile]).filter((ratio) => ratio !== null));
  const figures = { p50: over("p50"), p90: over("p90"), p99: over("p99") };
  const isThere = degradationQuantiles.some((quantile) => figures[quantile].n > 0);
  return {
    ...figures,
    isLowerBound: isThere && trials.some((trial) => pairs.has(trial.id) && !isFinished(trial)),
    absentBecause: isThere ? null : absence(treatment, control, { trials, ratios, refusals }),
  };
}

function isPair(ids: readonly string[], a: string, b: string): boolean {
  return ids.includes(a) && ids.includes(b);
}

function isFinished({ counts }: TrialRow): boolean {
  return counts === null || counts.unserved === 0;
}

/** Of one trial. null: it or its control has too few responses to tell, or those of the control take no time. */
export type TrialDegradation = Readonly<Record<DegradationQuantile, number | null>>;

/**
 * By the trial's id, for each valid trial of a treatment whose control has a valid trial in the same round that finished
 * all of its tasks: with slow ones missing from it, a ratio would be too large.
 */
export function degradationByTrial(
  treatmentId: string,
  controlId: string,
  trials: readonly TrialRow[],
): ReadonlyMap<string, TrialDegradation> {
  const validOf = (id: string): readonly TrialRow[] =>
    trials.filter((trial) => trial.treatmentId === id && trial.valid);
  const controls = new Map(
    validOf(controlId)
      .filter(isFinished)
      .map((trial) => [trial.round, trial]),
  );
  return new Map(
    validOf(treatmentId).flatMap((trial) => {
      const control = controls.get(trial.round);
      return control === undefined ? [] : [[trial.id, degradationIn(trial, control)] as const];
    }),
  );
}

function degradationIn(trial: TrialRow, control: TrialRow): TrialDegradation {
  const ratio = (quantile: DegradationQuantile): number | null => {
    const blocked = responseNs(trial, quantile);
    const free = responseNs(control, quantile);
    return blocked === null || free === null || free === 0 ? null : blocked / free;
  };
  return { p50: ratio("p50"), p90: ratio("p90"), p99: ratio("p99") };
}

function responseNs({ metrics }: TrialRow, quantile: DegradationQuantile): number | null {
  return metrics === null ? null : leafOf(metrics, `responseNs.${quantile}`);
}

function absence(
  { controlOf, noControlBecause }: Treatment,
  control: Treatment | undefined,
  {
    trials,
    ratios,
    refusals,
  }: {
    readonly trials: readonly TrialRow[];
    readonly ratios: readonly TrialDegradation[];
    readonly refusals: UnequalRefusals | undefined;
  },
): string {
  if (controlOf !== undefined) return `it is the control of ${controlOf}`;
  if (noControlBecause !== undefined) return noControlBecause;
  if (control === undefined) return "no control was asked for";
  if (refusals !== undefined) {
    return `inconclusive: it and its control were refused unequally often (${refusals.refusedCounts.join(" and ")} of ${refusals.trialCounts.join(" and ")} trials, in the order of the plan)`;
  }
  if (ratios.length > 0) return "too few responses for a percentile, or those of its control take no time";
  const unsupported = trials.find(
    ({ treatmentId, outcome }) => treatmentId === control.id && outcome === "unsupported",
  );
  return unsupported === undefined
    ? "no round has a valid trial of it and one of its control that finished all tasks"
    : `its control is unsupported: ${unsupported.invalidBecause.join("; ")}`;
}
