/**
 * What isoload says of the loads whose every figure is known in closed form. When blocks never queue, all workers are
 * held at the same times on every runtime that conserves work, and with one queue for all the canaries' delays are
 * known too.
 */
import { CANARY_DOUBLES, CANARY_DUE, CANARY_SUBMITTED, canaryCountOf } from "../../../reports/rows.ts";
import { figureOf } from "../figure.ts";
import { type Figure, toleranceOf } from "./answer.ts";
import { type KnownLoad, knownLoads } from "./known-loads.ts";
import type { JudgedTrial } from "./live.ts";
import { blocksTrace, HALF_WAY_NS, MS } from "./loads.ts";
import type { Probe } from "./probe.ts";
import { rearmedAnswer } from "./rearmed.ts";
import { type Subject, subjectOf } from "./subject.ts";

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
    said: figureOf(trial.row, "allHeldShare"),
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
        said: figureOf(trial.row, `canaryDelayNs.${which}`),
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
