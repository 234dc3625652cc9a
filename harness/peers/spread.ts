/** Medians with their spread, and ratios that are taken within rounds. Pure. */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly n: number;
}

/** null where there is no value. */
export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return null;
  return { median: medianOf(sorted), min, max, n: sorted.length };
}

export interface Ratio extends Spread {
  readonly ratioOfMedians: number;
}

/** One value a round; null where the round has none. */
export type PerRound = readonly (number | null)[];

/**
 * `of` / `over`, round by round: what both met in one round, a noisy neighbour too, is no difference between
 * them. Of rounds that lack one of the two there is no ratio.
 */
export function ratioOf(of: PerRound, over: PerRound): Ratio | null {
  const pairs = of.flatMap((numerator, round) => {
    const denominator = over[round] ?? null;
    return numerator === null || denominator === null || denominator === 0
      ? []
      : [{ numerator, denominator }];
  });
  const spread = spreadOf(pairs.map(({ numerator, denominator }) => numerator / denominator));
  const numerators = spreadOf(pairs.map(({ numerator }) => numerator));
  const denominators = spreadOf(pairs.map(({ denominator }) => denominator));
  if (spread === null || numerators === null || denominators === null) return null;
  return { ...spread, ratioOfMedians: numerators.median / denominators.median };
}

/** Of at least one value in ascending order; the mean of the two in the middle where their number is even. */
function medianOf(sorted: readonly number[]): number {
  const upper = sorted[sorted.length >> 1] as number;
  const lower = sorted[(sorted.length - 1) >> 1] as number;
  return (lower + upper) / 2;
}
