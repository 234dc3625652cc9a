/** Durations as users write them: a number and one of us, ms, s, m. */
import { shown } from "../../workloads/parameter.ts";

const unitsNs = { us: 1e3, ms: 1e6, s: 1e9, m: 60e9 } as const;
const DURATION = /^(\d+\.?\d*|\.\d+)(us|ms|s|m)$/;

export interface DurationRange {
  readonly minNs: number;
  readonly maxNs: number;
  /** Shown where something else was given. */
  readonly exampleNs: number;
}

/** The duration in ns, or a sentence on what is wrong with it that follows the name of the value. */
export function parseDuration(given: unknown, range: DurationRange): { ns: number } | { wrong: string } {
  const match = typeof given === "string" ? DURATION.exec(given.trim()) : null;
  if (match !== null) {
    const ns = Number(match[1]) * unitsNs[match[2] as keyof typeof unitsNs];
    if (ns >= range.minNs && ns <= range.maxNs) return { ns };
  }
  const allowed = `from ${formatDuration(range.minNs)} to ${formatDuration(range.maxNs)}`;
  return {
    wrong: `is ${shown(given)}. Give a number with us, ms, s or m, ${allowed}, like "${formatDuration(range.exampleNs)}".`,
  };
}

/** As a user would write it: the largest unit that leaves a number of at least 1. */
export function formatDuration(ns: number): string {
  const unit = (["m", "s", "ms", "us"] as const).find((name) => ns >= unitsNs[name]) ?? "us";
  return `${Number((ns / unitsNs[unit]).toPrecision(6))}${unit}`;
}
