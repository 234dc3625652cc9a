/**
 * Fisher's exact test: do two shares differ by more than chance?
 *
 * Given the four margins of the 2×2 table, the number of hits in one arm is hypergeometric if both arms have the same
 * share. The two-sided p is the probability of all tables that are no likelier than the one seen (R. A. Fisher,
 * "Statistical Methods for Research Workers", § 21.02; the two sides as in R's fisher.test).
 */
import { strict as assert } from "node:assert";

/** Hits among a number of trials that was fixed beforehand. */
export interface Arm {
  readonly hitCount: number;
  readonly trialCount: number;
}

/** Tables whose probabilities differ by less are equally likely, and differ by rounding. */
const TIE_SHARE = 1e-7;

/** The two-sided p; 1 where an arm has no trials. */
export function fisherExact(a: Arm, b: Arm): number {
  for (const { hitCount, trialCount } of [a, b]) {
    assert(hitCount >= 0 && hitCount <= trialCount, `${hitCount} hits in ${trialCount} trials`);
  }
  const hits = a.hitCount + b.hitCount;
  const lowest = Math.max(0, hits - b.trialCount);
  const highest = Math.min(hits, a.trialCount);
  // Probabilities by that of the table seen, stepwise away from it.
  let asUnlikely = 1;
  let all = 1;
  const add = (weight: number): void => {
    all += weight;
    if (weight <= 1 + TIE_SHARE) asUnlikely += weight;
  };
  /** By how much a table with `k` + 1 hits in `a` is likelier than one with `k`. */
  const step = (k: number): number =>
    ((hits - k) * (a.trialCount - k)) / ((k + 1) * (b.trialCount - hits + k + 1));
  for (let k = a.hitCount, weight = 1; k < highest; k++) {
    weight *= step(k);
    add(weight);
  }
  for (let k = a.hitCount - 1, weight = 1; k >= lowest; k--) {
    weight /= step(k);
    add(weight);
  }
  // Where `all` is beyond all doubles, p is below them.
  return asUnlikely / all;
}
