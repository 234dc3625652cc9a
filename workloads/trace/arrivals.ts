/**
 * Arrival schedules: when the tasks of an open loop are due. Absolute, fixed before the trial starts.
 */
import { exponential, type Random } from "./random.ts";

export type Arrivals =
  /** Equal gaps, the first after half a gap. */
  | { readonly kind: "constant"; readonly ratePerSecond: number }
  /** Independent arrivals: exponential gaps. */
  | { readonly kind: "poisson"; readonly ratePerSecond: number }
  /** `size` tasks at the same instant; the bursts are Poisson and the mean rate is kept. */
  | { readonly kind: "bursts"; readonly ratePerSecond: number; readonly size: number }
  /** The rate grows linearly from 0 to twice the mean over the window. */
  | { readonly kind: "ramp"; readonly ratePerSecond: number }
  /** `count` tasks, all due at 0. */
  | { readonly kind: "at-once"; readonly count: number }
  /** Given instants, in ns and ascending. */
  | { readonly kind: "times"; readonly atNs: readonly number[] };

/** The names that a workload with a rate offers as its `arrivals` parameter. */
export const rateArrivals: readonly ["poisson", "constant", "bursts", "ramp"] = [
  "poisson",
  "constant",
  "bursts",
  "ramp",
];

/** Tasks in one burst where a workload only names the kind of arrivals. */
const BURST_SIZE = 16;

/** Arrivals of the named kind at a mean rate. */
export function arrivalsAt(kind: string, ratePerSecond: number): Arrivals {
  if (kind === "constant" || kind === "ramp") return { kind, ratePerSecond };
  return kind === "bursts" ? { kind, ratePerSecond, size: BURST_SIZE } : { kind: "poisson", ratePerSecond };
}

/** Due times in ns, ascending, all in [0, windowNs) except that `at-once` and `times` stand as given. */
export function arrivalTimesNs(arrivals: Arrivals, windowNs: number, random: Random): Float64Array {
  switch (arrivals.kind) {
    case "constant": {
      const gapNs = 1e9 / arrivals.ratePerSecond;
      const count = Math.max(0, Math.ceil(windowNs / gapNs - 0.5));
      return Float64Array.from({ length: count }, (_, index) => (index + 0.5) * gapNs);
    }
    case "poisson":
      return Float64Array.from(poissonTimesNs(1e9 / arrivals.ratePerSecond, windowNs, random));
    case "bursts": {
      const meanGapNs = (1e9 * arrivals.size) / arrivals.ratePerSecond;
      const bursts = poissonTimesNs(meanGapNs, windowNs, random);
      return Float64Array.from(bursts.flatMap((atNs) => new Array<number>(arrivals.size).fill(atNs)));
    }
    case "ramp": {
      // The k-th arrival is where the integrated rate r·t²/T reaches k + ½.
      const count = Math.floor((arrivals.ratePerSecond * windowNs) / 1e9);
      return Float64Array.from({ length: count }, (_, index) => windowNs * Math.sqrt((index + 0.5) / count));
    }
    case "at-once":
      return new Float64Array(arrivals.count);
    case "times":
      return Float64Array.from(arrivals.atNs);
  }
}

function poissonTimesNs(meanGapNs: number, windowNs: number, random: Random): number[] {
  const times: number[] = [];
  for (let atNs = exponential(random, meanGapNs); atNs < windowNs; atNs += exponential(random, meanGapNs)) {
    times.push(atNs);
  }
  return times;
}
