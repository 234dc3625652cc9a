/** The median of a few rounds and an exact interval for it that assumes no distribution. */
import { strict as assert } from "node:assert";

export interface Interval {
  readonly low: number;
  readonly high: number;
  /** The probability that such an interval holds the true median, whatever the distribution. */
  readonly coverageShare: number;
}

/** Below this many rounds even the full range covers the median with less than 95 %. */
export const MIN_ROUNDS = 6;
const LEAST_COVERAGE_SHARE = 0.95;

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  assert(values.length > 0, "no values have no median");
  const sorted = Float64Array.from(values).sort();
  const high = sorted.length >> 1;
  const low = (sorted.length - 1) >> 1;
  return ((sorted[low] as number) + (sorted[high] as number)) / 2;
}

/**
 * The narrowest pair of order statistics x(k), x(n+1−k) that covers the median with 95 % or more; null below
 * six values. Coverage is 1 − 2·P(Binomial(n, ½) < k), exact for continuous distributions
 * (David and Nagaraja, "Order Statistics", 3rd ed., 7.1).
 */
export function medianInterval(values: readonly number[]): Interval | null {
  const count = values.length;
  if (count < MIN_ROUNDS) return null;
  const sorted = Float64Array.from(values).sort();
  let below = 0;
  // P(Binomial(n, ½) = k), from k = 0 up.
  let probability = 0.5 ** count;
  let k = 0;
  while (1 - 2 * (below + probability) >= LEAST_COVERAGE_SHARE) {
    below += probability;
    probability *= (count - k) / (k + 1);
    k++;
  }
  return {
    low: sorted[k - 1] as number,
    high: sorted[count - k] as number,
    coverageShare: 1 - 2 * below,
  };
}
