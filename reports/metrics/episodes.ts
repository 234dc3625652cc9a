/** Episodes of starvation: when ready work waited too long, how often, for how long, and under which holds. */
import type { Records } from "../../runtimes/records.ts";
import { BLOCK } from "../../workloads/trace/op.ts";
import {
  HOLD_DOUBLES,
  HOLD_END,
  HOLD_HALVES,
  HOLD_OP,
  HOLD_START,
  HOLD_TASK,
  HOLD_WORDS,
  HOLD_WORKER,
  holdCountOf,
} from "../rows.ts";
import type { Canaries } from "./canaries.ts";
import type { Metric } from "./metric.ts";
import { coveredNs, lastAtMost, type Spans, unionOf } from "./spans.ts";

/** θ: a canary delayed by more saw starvation. The headline is 10 ms; the others show how much hangs on it. */
export const thresholds: Readonly<Record<"over1ms" | "over10ms" | "over20ms" | "over100ms", number>> = {
  over1ms: 1e6,
  over10ms: 10e6,
  over20ms: 20e6,
  over100ms: 100e6,
};

type ThresholdName = keyof typeof thresholds;
const thresholdNames = Object.keys(thresholds) as ThresholdName[];

export const STARVED_NS: number = thresholds.over10ms;

/** The longest of each threshold are told one by one, each with this many holds. */
export const EPISODE_LIMIT = 10;
export const HOLD_LIMIT = 3;

/** A hold that lasted while ready work waited. */
export interface HoldUnder {
  readonly task: number;
  readonly op: "block" | "cpu";
  readonly worker: number;
  readonly startNs: number;
  readonly endNs: number;
}

export interface Episode {
  readonly thresholdNs: number;
  /** θ after the first of its canaries was due. */
  readonly startNs: number;
  /** When the last of its canaries ran. */
  readonly endNs: number;
  /** The holds that took most of the time from that canary's due instant to the end, the longest share first. */
  readonly holds: readonly HoldUnder[];
}

interface Starved {
  readonly count: number;
  readonly longestNs: number | null;
  readonly starvedShare: number | null;
}

export interface Episodes extends Readonly<Record<ThresholdName, Starved>> {
  /** By threshold, and in order of time: the longest of each. */
  readonly told: readonly Episode[];
}

interface Frame {
  readonly windowNs: number;
  /** p: a gap shorter than this between two episodes says nothing, as no canary is due in it. */
  readonly periodNs: number;
}

export function measureEpisodes(records: Records, canaries: Canaries, frame: Frame): Episodes {
  const told: Episode[] = [];
  const starved = (name: ThresholdName): Starved => {
    const waits = waitsOver(canaries, thresholds[name]);
    const spans = episodesOf(waits, thresholds[name], frame.periodNs);
    told.push(...tell(records, spans, thresholds[name]));
    return {
      count: spans.startsNs.length,
      longestNs: longestOf(spans),
      starvedShare:
        canaries.dueNs.length === 0 || frame.windowNs === 0
          ? null
          : coveredNs(unionOf(waits.startsNs, waits.endsNs, 0), frame.windowNs) / frame.windowNs,
    };
  };
  return {
    over1ms: starved("over1ms"),
    over10ms: starved("over10ms"),
    over20ms: starved("over20ms"),
    over100ms: starved("over100ms"),
    told,
  };
}

/** Due and run of canaries, in the order in which they were due: unlike spans they overlap. */
interface Waits {
  readonly startsNs: Float64Array;
  readonly endsNs: Float64Array;
}

/** Of the canaries delayed by more than θ. */
function waitsOver({ dueNs, runNs }: Canaries, thresholdNs: number): Waits {
  const startsNs = new Float64Array(dueNs.length);
  const endsNs = new Float64Array(dueNs.length);
  let count = 0;
  for (let canary = 0; canary < dueNs.length; canary++) {
    const due = dueNs[canary] as number;
    const run = runNs[canary] as number;
    if (!(run - due > thresholdNs)) continue;
    startsNs[count] = due;
    endsNs[count] = run;
    count++;
  }
  return { startsNs: startsNs.subarray(0, count), endsNs: endsNs.subarray(0, count) };
}

/** The union of [due + θ, run) of these waits; gaps shorter than a period are closed. */
function episodesOf({ startsNs, endsNs }: Waits, thresholdNs: number, periodNs: number): Spans {
  return unionOf(
    startsNs.map((dueNs) => dueNs + thresholdNs),
    endsNs,
    periodNs,
  );
}

function longestOf({ startsNs, endsNs }: Spans): number | null {
  let longestNs: number | null = null;
  for (let span = 0; span < startsNs.length; span++) {
    longestNs = Math.max(longestNs ?? 0, (endsNs[span] as number) - (startsNs[span] as number));
  }
  return longestNs;
}

/** The longest episodes, in order of time, with the holds under each. */
function tell(records: Records, spans: Spans, thresholdNs: number): Episode[] {
  const lengthsNs = spans.startsNs.map((startNs, span) => (spans.endsNs[span] as number) - startNs);
  // Of equal ones the first.
  const longest = [...lengthsNs.keys()]
    .sort((a, b) => (lengthsNs[b] as number) - (lengthsNs[a] as number) || a - b)
    .slice(0, EPISODE_LIMIT)
    .sort((a, b) => a - b);
  const told: Spans = {
    startsNs: Float64Array.from(longest, (span) => spans.startsNs[span] as number),
    endsNs: Float64Array.from(longest, (span) => spans.endsNs[span] as number),
  };
  const holds = holdsUnder(records, told, thresholdNs);
  return Array.from(told.startsNs, (startNs, episode) => ({
    thresholdNs,
    startNs,
    endNs: told.endsNs[episode] as number,
    holds: (holds[episode] ?? []).map((row) => holdAt(records, row)),
  }));
}

/** By episode: rows of the holds that took most of it, from θ before it starts, the longest share first. */
function holdsUnder(records: Records, { startsNs, endsNs }: Spans, thresholdNs: number): number[][] {
  const rowsOf = Array.from(startsNs, (): number[] => []);
  if (rowsOf.length === 0) return rowsOf;
  const sharesOf = Array.from(startsNs, (): number[] => []);
  const rowCount = holdCountOf(records);
  for (let row = 0; row < rowCount; row++) {
    const startNs = records.holdF64[row * HOLD_DOUBLES + HOLD_START] as number;
    const endNs = records.holdF64[row * HOLD_DOUBLES + HOLD_END] as number;
    // The first that ends after this hold began; those behind it end later still.
    for (let episode = lastAtMost(endsNs, startNs) + 1; episode < startsNs.length; episode++) {
      const sinceNs = (startsNs[episode] as number) - thresholdNs;
      if (sinceNs >= endNs) break;
      const shareNs = Math.min(endNs, endsNs[episode] as number) - Math.max(startNs, sinceNs);
      const shares = sharesOf[episode] as number[];
      const rank = shares.findIndex((other) => shareNs > other);
      if (rank < 0 && shares.length >= HOLD_LIMIT) continue;
      const at = rank < 0 ? shares.length : rank;
      shares.splice(at, 0, shareNs);
      shares.length = Math.min(shares.length, HOLD_LIMIT);
      const rows = rowsOf[episode] as number[];
      rows.splice(at, 0, row);
      rows.length = Math.min(rows.length, HOLD_LIMIT);
    }
  }
  return rowsOf;
}

function holdAt({ holdF64, holdU32, holdU16 }: Records, row: number): HoldUnder {
  return {
    task: holdU32[row * HOLD_WORDS + HOLD_TASK] as number,
    op: holdU16[row * HOLD_HALVES + HOLD_OP] === BLOCK ? "block" : "cpu",
    worker: holdU16[row * HOLD_HALVES + HOLD_WORKER] as number,
    startNs: holdF64[row * HOLD_DOUBLES + HOLD_START] as number,
    endNs: holdF64[row * HOLD_DOUBLES + HOLD_END] as number,
  };
}

export const episodeMetrics: readonly Metric<{ readonly episodes: Episodes }>[] = thresholdNames.flatMap(
  (name): Metric<{ readonly episodes: Episodes }>[] => {
    const shown = `${thresholds[name] / 1e6} ms`;
    const common = { section: "starvation", better: "lower", source: "Canary records." } as const;
    return [
      {
        ...common,
        name: `episodes.${name}.count`,
        unit: "count",
        definition: `Episodes of starvation: parts of the union of [due + ${shown}, run) over the canaries delayed by more than ${shown}, those with less than a canary period between them taken as one.`,
        of: ({ episodes }) => episodes[name].count,
      },
      {
        ...common,
        name: `episodes.${name}.longestNs`,
        unit: "ns",
        definition: `The longest of the episodes over ${shown}; null where there was none.`,
        of: ({ episodes }) => episodes[name].longestNs,
      },
      {
        ...common,
        name: `episodes.${name}.starvedShare`,
        unit: "share",
        definition: `Share of the window covered by the union of [due, run) over the canaries delayed by more than ${shown}.`,
        of: ({ episodes }) => episodes[name].starvedShare,
      },
    ];
  },
);
