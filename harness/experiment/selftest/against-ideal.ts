/**
 * A random trace of blocks on a real runtime, held against the reference model on the same trace.
 *
 * The model is told how long each block really took; all else it works out. How long all workers are held is then
 * the same for every runtime that conserves work, and so is that nothing waits beside a worker that rests; when
 * canaries run is so for one first-in-first-out queue only.
 */
import { CANARY_DOUBLES, CANARY_DUE, CANARY_RUN, canaryCountOf } from "../../../reports/rows.ts";
import { allHeld } from "../../../runtimes/ideal/all-held.ts";
import { simulate } from "../../../runtimes/ideal/model.ts";
import { allocateRecords } from "../../../runtimes/records.ts";
import { shapeFor } from "../../../runtimes/records-room.ts";
import { build } from "../../../workloads/trace/build.ts";
import type { Trace } from "../../../workloads/trace/trace.ts";
import type { Composition } from "../../../workloads/workload.ts";
import { figureOf } from "../figure.ts";
import { type Figure, toleranceOf } from "./answer.ts";
import type { JudgedTrial } from "./live.ts";
import { CANARY_PERIOD_NS, composed, MS } from "./loads.ts";
import { withMeasuredBlocks } from "./measured-lengths.ts";
import type { Probe } from "./probe.ts";
import { type Subject, subjectOf } from "./subject.ts";

const BLOCK_NS = 10 * MS;
/** ρ: busy enough that blocks queue, and that canaries wait behind several of them. */
const UTILISATION = 0.7;
const WINDOW_NS = 1000 * MS;

const ALL_HELD = { share: 0.02, least: 0.005 } as const;
const MEAN = { share: 0.02, leastNs: 0.5 * MS } as const;
const P99 = { share: 0.03, leastNs: 1 * MS } as const;
/** Of all waiting. */
const VIOLATED_SHARE = 0.01;

/** Blocks of one length that arrive at random, for `workerCount` workers. */
export function randomBlocks(workerCount: number, seed: number, windowNs: number = WINDOW_NS): Trace {
  return build(randomBlocksLoad(workerCount, windowNs), seed, { periodNs: CANARY_PERIOD_NS });
}

export function randomBlocksLoad(workerCount: number, windowNs: number): Composition {
  const ratePerSecond = (UTILISATION * workerCount * 1e9) / BLOCK_NS;
  const stream = {
    release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond } },
    variants: [{ share: 1, class: "blocker", ops: [{ op: "block", ns: BLOCK_NS }] }],
  } as const;
  return composed([stream], windowNs);
}

interface Known {
  readonly allHeldShare: number;
  readonly meanNs: number;
  readonly p99Ns: number;
}

/** What the model says of `trace`, read from its rows without the analysis, which is what is asked about. */
function idealOf(trace: Trace, workerCount: number): Known {
  const records = allocateRecords(shapeFor(trace, workerCount));
  // Blocks need no core and no kernel unit.
  simulate({ trace, records, workerCount, coreCount: workerCount, unitNs: 1 });
  const { windowNs } = trace;
  const heldNs = allHeld(records).reduce(
    (sum, { startNs, endNs }) => sum + Math.min(endNs, windowNs) - Math.min(startNs, windowNs),
    0,
  );
  const delaysNs = Float64Array.from({ length: canaryCountOf(records) }, (_, canary) => {
    const row = canary * CANARY_DOUBLES;
    return (records.canaryF64[row + CANARY_RUN] as number) - (records.canaryF64[row + CANARY_DUE] as number);
  }).sort();
  return {
    allHeldShare: heldNs / windowNs,
    meanNs: delaysNs.reduce((sum, delayNs) => sum + delayNs, 0) / delaysNs.length,
    p99Ns: delaysNs[Math.ceil(0.99 * delaysNs.length) - 1] as number,
  };
}

/** `queue`: what else must agree where the runtime has one queue for all. */
export function figuresAgainstIdeal(
  trial: JudgedTrial,
  { workerCount, hasOneQueue }: { readonly workerCount: number; readonly hasOneQueue: boolean },
): Figure[] {
  const { trace, records } = trial;
  if (records === null) throw new Error("a valid trial has records");
  const known = idealOf(withMeasuredBlocks(trace, records), workerCount);
  const allHeld: Figure = {
    name: "all held",
    unit: "share",
    said: figureOf(trial.row, "allHeldShare"),
    truth: known.allHeldShare,
    tolerance: toleranceOf(known.allHeldShare, ALL_HELD.share, ALL_HELD.least),
  };
  const violated: Figure = {
    name: "waiting beside a resting worker",
    unit: "share",
    said: figureOf(trial.row, "conservation.violatedShare"),
    truth: 0,
    tolerance: VIOLATED_SHARE,
  };
  if (!hasOneQueue) return [allHeld, violated];
  return [
    allHeld,
    violated,
    {
      name: "canary mean",
      unit: "ns",
      said: figureOf(trial.row, "canaryDelayNs.mean"),
      truth: known.meanNs,
      tolerance: toleranceOf(known.meanNs, MEAN.share, MEAN.leastNs),
    },
    {
      name: "canary p99",
      unit: "ns",
      said: figureOf(trial.row, "canaryDelayNs.p99"),
      truth: known.p99Ns,
      tolerance: toleranceOf(known.p99Ns, P99.share, P99.leastNs),
    },
  ];
}

/** A runtime of which `hasOneQueue` says whether the canaries' delays are known, too. */
interface Contender {
  readonly subject: Subject;
  readonly workerCount: number;
  readonly hasOneQueue: boolean;
}

export function againstIdealProbes(): Probe[] {
  const contenders: readonly Contender[] = [
    { subject: subjectOf("single-thread"), workerCount: 1, hasOneQueue: true },
    { subject: subjectOf("work-stealing", { queue: "global" }), workerCount: 2, hasOneQueue: true },
    { subject: subjectOf("work-stealing"), workerCount: 2, hasOneQueue: false },
    { subject: subjectOf("native"), workerCount: 2, hasOneQueue: false },
  ];
  return contenders.map(againstIdealProbe);
}

/** Every trial has blocks of its own: the seeds ascend. */
export function againstIdealProbe({ subject, workerCount, hasOneQueue }: Contender): Probe {
  return {
    name: `random blocks against ideal on ${subject.label}`,
    subject,
    wantedCount: 1,
    trial: (live, attempt) => live.trial({ trace: randomBlocks(workerCount, attempt), subject, workerCount }),
    figuresOf: (trial) => figuresAgainstIdeal(trial, { workerCount, hasOneQueue }),
  };
}
