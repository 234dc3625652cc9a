/**
 * Loads of which every figure is known in closed form: blocks of one length at known times, canaries half-way
 * through every millisecond. When blocks never queue, all workers are held at the same times on every runtime that
 * conserves work, and with one queue for all the canaries' delays are known too.
 */

import { CANARY_DOUBLES, CANARY_DUE, CANARY_SUBMITTED, canaryCountOf } from "../../../reports/rows.ts";
import { type Figure, toleranceOf } from "./answer.ts";
import { figureOf, type JudgedTrial } from "./live.ts";
import { type Blocks, blocksTrace, HALF_WAY_NS, MS } from "./loads.ts";
import type { Probe } from "./probe.ts";
import { rearmedAnswer } from "./rearmed.ts";
import { type Subject, subjectOf } from "./subject.ts";

export interface KnownLoad extends Blocks {
  readonly name: string;
  readonly workerCount: number;
  readonly allHeldShare: number;
  /** Of the canaries' delays, where the runtime has one queue. */
  readonly canaryMs: { readonly mean: number; readonly p50: number; readonly max: number };
  /** What a canary would see that is armed again only after it ran. */
  readonly rearmed: { readonly count: number; readonly meanMs: number; readonly p99Ms: number };
}

const every = (gapMs: number, repeats: number, together: number): number[] =>
  Array.from({ length: repeats * together }, (_, block) => Math.floor(block / together) * gapMs);

const heldForHalf = {
  windowMs: 200,
  blockMs: 100,
  allHeldShare: 0.5,
  canaryMs: { mean: 25, p50: 0, max: 99.5 },
  rearmed: { count: 100, meanMs: 0.995, p99Ms: 0 },
} as const;

export const knownLoads: readonly KnownLoad[] = [
  { ...heldForHalf, name: "D1", workerCount: 2, dueMs: [0, 0] },
  { ...heldForHalf, name: "D2", workerCount: 1, dueMs: [0] },
  {
    name: "D3",
    workerCount: 4,
    windowMs: 200,
    blockMs: 100,
    dueMs: [0, 0],
    allHeldShare: 0,
    canaryMs: { mean: 0, p50: 0, max: 0 },
    rearmed: { count: 200, meanMs: 0, p99Ms: 0 },
  },
  {
    name: "D5",
    workerCount: 2,
    windowMs: 200,
    blockMs: 100,
    dueMs: [0, 50],
    allHeldShare: 0.25,
    canaryMs: { mean: 6.25, p50: 0, max: 49.5 },
    rearmed: { count: 150, meanMs: 0.33, p99Ms: 0 },
  },
  {
    name: "D7",
    workerCount: 2,
    windowMs: 1000,
    blockMs: 50,
    dueMs: every(100, 10, 2),
    allHeldShare: 0.5,
    canaryMs: { mean: 12.5, p50: 0, max: 49.5 },
    rearmed: { count: 500, meanMs: 0.999, p99Ms: 50 },
  },
  {
    name: "D8",
    workerCount: 1,
    windowMs: 3000,
    blockMs: 100,
    dueMs: every(500, 6, 1),
    allHeldShare: 0.2,
    canaryMs: { mean: 10, p50: 0, max: 99.5 },
    rearmed: { count: 2400, meanMs: 599.5 / 2400, p99Ms: 0 },
  },
];

/** Tolerances of live figures. */
const SHARE = 0.02;
const LEAST_NS = 1 * MS;
/** A window up to this long is run several times; a longer one repeats its blocks within itself. */
const SHORT_WINDOW_MS = 200;
const SHORT_TRIALS = 3;
/** All cases together are to fit into a minute. */
const LONG_WINDOW_MS = 1000;

export function allHeldFigure(known: KnownLoad, trial: JudgedTrial): Figure {
  return {
    name: "all held",
    unit: "share",
    said: figureOf(trial, "allHeldShare"),
    truth: known.allHeldShare,
    tolerance: toleranceOf(known.allHeldShare, SHARE, LEAST_NS / (known.windowMs * MS)),
  };
}

/**
 * What is true of `known` on every runtime with one queue, if each canary is handed over when it is due. A figure that
 * is the delay of one canary may be off by as much as the latest of them was.
 */
export function queueFigures(known: KnownLoad, trial: JudgedTrial): Figure[] {
  const latestNs = latestReleaseNs(trial);
  return [
    allHeldFigure(known, trial),
    ...(["mean", "p50", "max"] as const).map((which): Figure => {
      const truth = known.canaryMs[which] * MS;
      return {
        name: `canary ${which}`,
        unit: "ns",
        said: figureOf(trial, `canaryDelayNs.${which}`),
        truth,
        tolerance: toleranceOf(truth, SHARE, LEAST_NS),
        allowance: which === "mean" ? 0 : latestNs,
      };
    }),
  ];
}

function latestReleaseNs({ records }: JudgedTrial): number {
  if (records === null) return 0;
  let latestNs = 0;
  for (let canary = 0; canary < canaryCountOf(records); canary++) {
    const row = canary * CANARY_DOUBLES;
    const lagNs =
      (records.canaryF64[row + CANARY_SUBMITTED] as number) - (records.canaryF64[row + CANARY_DUE] as number);
    latestNs = Math.max(latestNs, lagNs);
  }
  return latestNs;
}

/** What the runtimes of the catalogue are asked. */
export function deterministicProbes(): Probe[] {
  const oneQueue = [
    subjectOf("ideal"),
    subjectOf("single-thread"),
    subjectOf("work-stealing", { queue: "global" }),
  ];
  const stealing = [subjectOf("work-stealing"), subjectOf("native"), subjectOf("native-current-thread")];
  const fits = ({ workerCount }: KnownLoad, { workers }: Subject): boolean =>
    workers === "many" || workerCount === 1;
  // Seconds of one worker, which show no more of it than its D2.
  const isSpared = ({ windowMs }: KnownLoad): boolean => windowMs > LONG_WINDOW_MS;
  return knownLoads.flatMap((known) => [
    ...oneQueue.filter((subject) => fits(known, subject)).map((subject) => oneQueueProbe(known, subject)),
    ...stealing
      .filter((subject) => fits(known, subject) && !isSpared(known))
      .map((subject) => allHeldProbe(known, subject)),
  ]);
}

/** Only what does not depend on the order in which ready work is taken. */
export function allHeldProbe(known: KnownLoad, subject: Subject): Probe {
  return {
    ...plainProbe(known, subject),
    wantedCount: 1,
    figuresOf: (trial) => [allHeldFigure(known, trial)],
  };
}

/** Also the canaries' delays; and, of a live runtime, what a wrong canary would have seen in the same trials. */
function oneQueueProbe(known: KnownLoad, subject: Subject): Probe {
  const plain = plainProbe(known, subject);
  const isLive = subject.time === "live";
  return {
    ...plain,
    wantedCount: isLive && known.windowMs <= SHORT_WINDOW_MS ? SHORT_TRIALS : 1,
    figuresOf: (trial) => queueFigures(known, trial),
    also: (valid) =>
      isLive && known.allHeldShare > 0
        ? [rearmedAnswer(`a canary that re-arms, in ${plain.name}`, known, valid)]
        : [],
  };
}

function plainProbe(known: KnownLoad, subject: Subject): Pick<Probe, "name" | "subject" | "trial"> {
  const { workerCount } = known;
  const trace = blocksTrace(known, HALF_WAY_NS);
  return {
    name: `${known.name} on ${subject.label}`,
    subject,
    trial: (live) => live.trial({ trace, subject, workerCount }),
  };
}
