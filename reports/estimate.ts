/** A figure over several trials: the median, and how sure it is. */
import { type Interval, median, medianInterval } from "./interval.ts";

export interface Estimate {
  /** Trials, or pairs of trials, that have the figure. */
  readonly n: number;
  /** Median over them; null: none has it. */
  readonly estimate: number | null;
  /** For the median; null below six. */
  readonly interval: Interval | null;
}

export function estimateOf(figures: readonly number[]): Estimate {
  return {
    n: figures.length,
    estimate: figures.length === 0 ? null : median(figures),
    interval: medianInterval(figures),
  };
}
