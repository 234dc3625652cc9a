/**
 * Refusals of a run as a whole: where they leave a gap, and where they make a comparison unsound.
 *
 * If one treatment is refused more often than another, refusing is no filter for the machine's noise: the treatment may
 * cause it, and what is left of it are its better trials. Then a comparison of the two is inconclusive.
 */
import type { Plan, Treatment } from "../harness/trial/trial.ts";
import type { TrialRow } from "./analyze.ts";
import { furtherAttempts } from "./attempts.ts";
import { IDEAL } from "./distance.ts";
import { type Arm, fisherExact } from "./fisher.ts";

export interface Refusals {
  /** Ids of further attempts that refused trials should have had, and for which no time was left. */
  readonly outOfTime: readonly string[];
  /** Pairs of treatments of one load that were refused unequally often. */
  readonly unequal: readonly UnequalRefusals[];
}

export interface UnequalRefusals {
  readonly treatmentIds: readonly [string, string];
  /** Of their first attempts. */
  readonly refusedCounts: readonly [number, number];
  readonly trialCounts: readonly [number, number];
  /** Two-sided, by Fisher's exact test. */
  readonly p: number;
}

/** Each pair is a comparison that someone may make, so there is no correction for their number: it errs to caution. */
const LEAST_P = 0.05;

export function refusalsOf(plan: Plan, rows: readonly TrialRow[]): Refusals {
  return {
    outOfTime: furtherAttempts(plan, rows).outOfTime.map(({ id }) => id),
    unequal: pairsOf(plan.treatments).flatMap((pair) => unequalRefusals(pair, rows)),
  };
}

type Pair = readonly [Treatment, Treatment];

/** Those that a report compares: on the same load, or a treatment and its control. Nothing disturbs a model. */
function pairsOf(treatments: readonly Treatment[]): Pair[] {
  const live = treatments.filter(({ runtime }) => runtime !== IDEAL);
  return live.flatMap((a, index) =>
    live
      .slice(index + 1)
      .filter((b) => areCompared(a, b))
      .map((b): Pair => [a, b]),
  );
}

function areCompared(a: Treatment, b: Treatment): boolean {
  const isControl = a.controlOf !== undefined || b.controlOf !== undefined;
  return isControl ? a.controlOf === b.id || b.controlOf === a.id : loadOf(a) === loadOf(b);
}

function loadOf({ workload, parameters }: Treatment): string {
  return JSON.stringify([workload, Object.entries(parameters).sort()]);
}

function unequalRefusals([a, b]: Pair, rows: readonly TrialRow[]): UnequalRefusals[] {
  const [armA, armB] = [armOf(a, rows), armOf(b, rows)];
  const p = fisherExact(armA, armB);
  if (p >= LEAST_P) return [];
  return [
    {
      treatmentIds: [a.id, b.id],
      refusedCounts: [armA.hitCount, armB.hitCount],
      trialCounts: [armA.trialCount, armB.trialCount],
      p,
    },
  ];
}

/**
 * First attempts only: there is one a round, whatever comes of it. Of all attempts there are the more, the more are
 * refused, and the test takes their number as fixed.
 */
function armOf({ id }: Treatment, rows: readonly TrialRow[]): Arm {
  const firsts = rows.filter(
    ({ treatmentId, attempt, valid, refusal }) =>
      treatmentId === id && attempt === 1 && (valid || refusal === "noise"),
  );
  return {
    hitCount: firsts.filter(({ refusal }) => refusal === "noise").length,
    trialCount: firsts.length,
  };
}
