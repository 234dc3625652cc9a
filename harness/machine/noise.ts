/**
 * How noisy this machine is, as one of three classes, from what was measured on it while nothing was run.
 *
 *     quiet    small differences are the runtimes'
 *     usable   trials count; differences are seen in enough rounds
 *     noisy    trials would be refused, or nothing smaller than the gate's default of 5 % could be seen
 *
 * Every bound stands here, with what it rests on. A class is that of the worst measure; what this machine does not
 * tell is in none.
 */
import { strict as assert } from "node:assert";

const noiseClasses = ["quiet", "usable", "noisy"] as const;
export type NoiseClass = (typeof noiseClasses)[number];

/** What was observed; null where this machine does not tell. */
export interface NoiseFigures {
  /** How long the sensors watched while isoload slept, but for its ticks. */
  readonly observedNs: number;
  /** CPU of all that is not isoload or the process that started it, on the CPUs that isoload may use. */
  readonly foreignCores: number | null;
  readonly stolenCores: number | null;
  readonly throttledNs: number | null;
  readonly longestGapNs: number | null;
  /** How late a thread was that was to wake every millisecond. */
  readonly tickCount: number;
  readonly tickLatenessNsP99: number;
  readonly tickLatenessNsMax: number;
  /** Pairs of equal runs of the CPU kernel, one after the other: an A/A test. */
  readonly pairCount: number;
  readonly runNs: number;
  /**
   * Spread of the logarithm of their ratio from p10 to p90, as the standard deviation of the normal distribution that
   * has it: paired rounds are compared by ranks, to which a few outliers cost little.
   */
  readonly pairSpreadShare: number;
}

export interface Noise {
  readonly noiseClass: NoiseClass;
  readonly figures: NoiseFigures;
  /** The smallest difference in the time of CPU work that so many paired rounds would show. */
  readonly smallestEffects: readonly { readonly roundCount: number; readonly share: number }[];
}

/** A measure may be up to `quietTo` on a quiet machine, and up to `usableTo` on one that is not noisy. */
export interface Measure {
  readonly quietTo: number;
  readonly usableTo: number;
  of(figures: NoiseFigures): number | null;
}

/**
 * The gate's default for throughput, and a fifth of it, in ten rounds. Of a thread that nobody could interrupt (real-time
 * priority, on a virtual machine of two cores whose neighbours were busy) the spread allowed for 0.7 to 1.1 % (n = 3 × 105
 * pairs).
 */
const USABLE_EFFECT_SHARE = 0.05;
const QUIET_EFFECT_SHARE = 0.01;
const JUDGED_ROUNDS = 10;
const SHOWN_ROUNDS: readonly number[] = [10, 20];

type MeasureName =
  | "foreignCores"
  | "stolenCores"
  | "throttledNs"
  | "longestGapNs"
  | "tickLatenessNsP99"
  | "tickLatenessNsMax"
  | "smallestEffectShare";

export const measures: Readonly<Record<MeasureName, Measure>> = {
  /** 0.3 of a core refuses a trial; 0.05 is what two of /proc/stat's 10 ms steps may be off by, in 0.5 s. */
  foreignCores: { quietTo: 0.05, usableTo: 0.3, of: ({ foreignCores }) => foreignCores },
  /** A virtual machine of two cores lost up to 0.02 of a core in most of its seconds and none of its figures showed it; 0.1 refuses a trial. */
  stolenCores: { quietTo: 0.02, usableTo: 0.1, of: ({ stolenCores }) => stolenCores },
  /** A quota that was used up while isoload slept was used up by others. */
  throttledNs: { quietTo: 0, usableTo: 0, of: ({ throttledNs }) => throttledNs },
  /** A stop of 20 ms refuses a trial; a shorter one is not told apart from work that the kernel has yet to count. */
  longestGapNs: { quietTo: 20e6, usableTo: 20e6, of: ({ longestGapNs }) => longestGapNs },
  /** A quarter of the least threshold of starvation, which is 1 ms; all of it refuses a trial with idle cores. */
  tickLatenessNsP99: { quietTo: 0.25e6, usableTo: 1e6, of: (figures) => figures.tickLatenessNsP99 },
  /** Work starves from 10 ms on. This thread was ready all the while and got no core. */
  tickLatenessNsMax: { quietTo: 10e6, usableTo: 20e6, of: (figures) => figures.tickLatenessNsMax },
  smallestEffectShare: {
    quietTo: QUIET_EFFECT_SHARE,
    usableTo: USABLE_EFFECT_SHARE,
    of: ({ pairSpreadShare }) => smallestEffectShare(pairSpreadShare, JUDGED_ROUNDS),
  },
};

/** null: the machine does not tell. What is no number is no proof of quiet. */
export function classOf({ quietTo, usableTo, of }: Measure, figures: NoiseFigures): NoiseClass | null {
  const value = of(figures);
  if (value === null) return null;
  if (value <= quietTo) return "quiet";
  return value <= usableTo ? "usable" : "noisy";
}

export function noiseOf(figures: NoiseFigures): Noise {
  const classes = Object.values(measures).map((measure) => classOf(measure, figures));
  const worst = noiseClasses.findLast((noiseClass) => classes.includes(noiseClass));
  return {
    // The ticks and the kernel tell on every machine.
    noiseClass: worst ?? "noisy",
    figures,
    smallestEffects: SHOWN_ROUNDS.map((roundCount) => ({
      roundCount,
      share: smallestEffectShare(figures.pairSpreadShare, roundCount),
    })),
  };
}

/** Normal quantiles: two-sided 5 %, found in 80 % of cases. */
const Z_ALPHA = 1.959964;
const Z_POWER = 0.841621;

/**
 * The minimum detectable effect of paired rounds: (z(1 − α/2) + z(power)) · sd / √n on the scale of logarithms, as a
 * share (NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.2.2).
 */
export function smallestEffectShare(pairSpreadShare: number, roundCount: number): number {
  return Math.expm1(((Z_ALPHA + Z_POWER) * pairSpreadShare) / Math.sqrt(roundCount));
}

/** Between p10 and p90 of a normal distribution lie so many standard deviations. */
const P10_TO_P90 = 2.563103;

/** The standard deviation of the normal distribution that has the same p10 and p90. */
export function spreadOf(values: readonly number[]): number {
  return (ranked(values, 0.9) - ranked(values, 0.1)) / P10_TO_P90;
}

/** Quantile `q` by nearest rank. */
export function ranked(values: readonly number[], q: number): number {
  const value = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(q * values.length) - 1)];
  assert(value !== undefined, "no values have no quantile");
  return value;
}
