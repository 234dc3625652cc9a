/** Disjoint stretches of time in ascending order, and what the metrics ask of them. */

/** [startsNs[k], endsNs[k]) for every k; none of them overlap, and the later one stands later. */
export interface Spans {
  readonly startsNs: Float64Array;
  readonly endsNs: Float64Array;
}

export const NO_SPANS: Spans = { startsNs: new Float64Array(0), endsNs: new Float64Array(0) };

/** The union of stretches whose starts ascend. Two with less than `gapNs` between them become one, as touching ones do. */
export function unionOf(startsNs: Float64Array, endsNs: Float64Array, gapNs: number): Spans {
  const starts = new Float64Array(startsNs.length);
  const ends = new Float64Array(startsNs.length);
  let count = 0;
  for (let index = 0; index < startsNs.length; index++) {
    const startNs = startsNs[index] as number;
    const endNs = endsNs[index] as number;
    const lastNs = count === 0 ? Number.NEGATIVE_INFINITY : (ends[count - 1] as number);
    if (startNs <= lastNs || startNs - lastNs < gapNs) {
      if (endNs > lastNs) ends[count - 1] = endNs;
      continue;
    }
    starts[count] = startNs;
    ends[count] = endNs;
    count++;
  }
  return { startsNs: starts.subarray(0, count), endsNs: ends.subarray(0, count) };
}

/** How much of [0, untilNs) the spans cover. */
export function coveredNs({ startsNs, endsNs }: Spans, untilNs: number): number {
  let totalNs = 0;
  for (let span = 0; span < startsNs.length; span++) {
    const startNs = startsNs[span] as number;
    if (startNs >= untilNs) break;
    totalNs += Math.min(endsNs[span] as number, untilNs) - startNs;
  }
  return totalNs;
}

/** How much of [0, t) the spans cover, for any t. */
export function coverOf({ startsNs, endsNs }: Spans): (untilNs: number) => number {
  const beforeNs = new Float64Array(startsNs.length);
  for (let span = 1; span < startsNs.length; span++) {
    const lengthNs = (endsNs[span - 1] as number) - (startsNs[span - 1] as number);
    beforeNs[span] = (beforeNs[span - 1] as number) + lengthNs;
  }
  return (untilNs) => {
    const span = lastAtMost(startsNs, untilNs);
    if (span < 0) return 0;
    return (
      (beforeNs[span] as number) + Math.min(endsNs[span] as number, untilNs) - (startsNs[span] as number)
    );
  };
}

/** Index of the last of ascending `values` that is at most `limit`; −1: none is. */
export function lastAtMost(values: Float64Array, limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
