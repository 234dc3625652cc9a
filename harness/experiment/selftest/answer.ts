/**
 * What isoload said of something whose truth is known, held against that truth.
 *
 * A figure counts where a median of trials lies within its tolerance; an answer is one line of the selftest.
 */

/** One number that isoload said, and what it should be. */
export interface Figure {
  /** As it stands in the line, e.g. "canary mean". */
  readonly name: string;
  readonly unit: "share" | "ns" | "count";
  /** null: isoload had no such figure, which is never right. */
  readonly said: number | null;
  readonly truth: number;
  /** In the figure's unit. */
  readonly tolerance: number;
  /** What comes on top of it because the load itself was late; the bench allows nothing. */
  readonly allowance?: number;
}

/** `not-judged`: nothing can be said here and now, and the remark says why. */
export type Verdict = "ok" | "wrong" | "not-judged";

export interface Answer {
  /** E.g. "D5 on work-stealing:queue=global". */
  readonly name: string;
  readonly verdict: Verdict;
  readonly figures: readonly Figure[];
  /** What figures cannot tell: the reason of a refusal, or why there is no judgement; may be empty. */
  readonly remark: string;
  /** Valid trials that the figures are medians of; 0 where none was needed or none was valid. */
  readonly validCount: number;
  /** Trials that were refused because the machine was noisy. */
  readonly refusedCount: number;
}

/** An answer that rests on no figures. */
export function told(name: string, verdict: Verdict, remark: string): Answer {
  return { name, verdict, figures: [], remark, validCount: 0, refusedCount: 0 };
}

/** Written so that NaN and a missing figure miss. */
export function isWithin({ said, truth, tolerance, allowance = 0 }: Figure): boolean {
  return said !== null && Math.abs(said - truth) <= tolerance + allowance;
}

/** `share` of the truth, or `least` where that is more. */
export function toleranceOf(truth: number, share: number, least: number): number {
  return Math.max(share * Math.abs(truth), least);
}

/**
 * Of the same figures of several trials, for each the one whose error is the median. The truth may differ between
 * trials, e.g. where it follows from how long blocks really took.
 */
export function medianFigures(trials: readonly (readonly Figure[])[]): Figure[] {
  const [first = []] = trials;
  return first.map((_, index) => {
    const same = trials.flatMap((figures) => figures[index] ?? []);
    const missing = same.find(({ said }) => said === null);
    return missing ?? medianOf(same);
  });
}

function medianOf(figures: readonly Figure[]): Figure {
  const errorOf = ({ said, truth }: Figure): number => (said ?? Number.NaN) - truth;
  const sorted = figures.toSorted((a, b) => errorOf(a) - errorOf(b));
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (middle === undefined) throw new Error("a median of no figures");
  return middle;
}
