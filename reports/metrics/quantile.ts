/**
 * Exact quantiles by nearest rank: the value of rank ceil(q·n) among the n values in ascending order.
 *
 * Nothing is interpolated, binned or sampled. Selection is linear: a trial has up to 10^7 tasks.
 */
import { strict as assert } from "node:assert";

/** The rank, from 1, that stands for quantile `q` (0…1) of `count` values. */
export function nearestRank(q: number, count: number): number {
  assert(q >= 0 && q <= 1 && count > 0, `no rank for q = ${q} of ${count} values`);
  return Math.max(1, Math.ceil(q * count));
}

/** Quantile `q` of at least one value. Reorders `values`. */
export function quantile(values: Float64Array, q: number): number {
  return quantiles(values, [q])[0] as number;
}

/** The quantiles at ascending `qs` of at least one value. Reorders `values`. */
export function quantiles(values: Float64Array, qs: readonly number[]): number[] {
  let from = 0;
  return qs.map((q) => {
    const at = nearestRank(q, values.length) - 1;
    assert(at >= from - 1, "quantiles are asked for in ascending order");
    if (at >= from) {
      select(values, from, values.length - 1, at);
      from = at + 1;
    }
    return values[at] as number;
  });
}

/** Below this many values a sample does not pay (Floyd and Rivest's own bound). */
const SAMPLING_MIN = 600;

/**
 * Moves the value of rank `at` to that index, the smaller ones before and the larger ones behind it.
 * Floyd and Rivest, "Algorithm 489: SELECT", CACM 18 (3), 1975.
 */
function select(values: Float64Array, first: number, last: number, at: number): void {
  let left = first;
  let right = last;
  while (right > left) {
    if (right - left > SAMPLING_MIN) {
      const size = right - left + 1;
      const position = at - left + 1;
      const logarithm = Math.log(size);
      const sample = 0.5 * Math.exp((2 * logarithm) / 3);
      const spread =
        0.5 * Math.sqrt((logarithm * sample * (size - sample)) / size) * Math.sign(position - size / 2);
      const sampleLeft = Math.max(left, Math.floor(at - (position * sample) / size + spread));
      const sampleRight = Math.min(right, Math.floor(at + ((size - position) * sample) / size + spread));
      select(values, sampleLeft, sampleRight, at);
    }
    const pivot = values[at] as number;
    let low = left;
    let high = right;
    swap(values, left, at);
    if ((values[right] as number) > pivot) swap(values, left, right);
    while (low < high) {
      swap(values, low, high);
      low++;
      high--;
      while ((values[low] as number) < pivot) low++;
      while ((values[high] as number) > pivot) high--;
    }
    if (values[left] === pivot) swap(values, left, high);
    else swap(values, ++high, right);
    if (high <= at) left = high + 1;
    if (at <= high) right = high - 1;
  }
}

function swap(values: Float64Array, one: number, other: number): void {
  const value = values[one] as number;
  values[one] = values[other] as number;
  values[other] = value;
}
