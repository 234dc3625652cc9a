/**
 * The partitioned control: with a queue of its own a worker lets canaries wait while another one is idle, and
 * isoload must say that this is the scheduler's fault, and how much of it; where all are held, that it is not.
 */
import { partitionOf } from "../../../runtimes/work-stealing/inlet.ts";
import { figureOf } from "../figure.ts";
import { type Figure, toleranceOf } from "./answer.ts";
import type { JudgedTrial } from "./live.ts";
import { type Blocks, blocksTrace, CANARY_PERIOD_NS, HALF_WAY_NS } from "./loads.ts";
import type { Probe } from "./probe.ts";
import { subjectOf } from "./subject.ts";

const WORKERS = 2;
/** A canary that waits longer is late: only those have a cause. */
const LATE_MS = 10;
/** Of the known share at least this much is found; of none at most so much. */
const FOUND_SHARE = 0.05;
const FALSE_SHARE = 0.02;
const ALL_HELD_SHARE = 0.02;

/** The second block begins half-way through the first: one worker idles before, the other one after. */
const apart: Blocks = { windowMs: 400, blockMs: 100, dueMs: [50, 100] };
const together: Blocks = { windowMs: 400, blockMs: 100, dueMs: [50, 50] };

export interface Split {
  readonly allHeldShare: number;
  /** Of the waiting of late canaries, what passed while the other worker was idle. */
  readonly schedulerShare: number;
}

/** What partitioned queues come to, worked out canary by canary. Ids of canaries follow those of the tasks. */
export function knownSplit({ windowMs, blockMs, dueMs }: Blocks): Split {
  const freeMs = new Array<number>(WORKERS).fill(0);
  const held = dueMs.map((due, task) => {
    const worker = partitionOf(task, WORKERS);
    const start = Math.max(due, freeMs[worker] as number);
    freeMs[worker] = start + blockMs;
    return { worker, start, end: start + blockMs };
  });
  const heldAt = (worker: number, atMs: number): { end: number } | undefined =>
    held.find((block) => block.worker === worker && block.start <= atMs && atMs < block.end);
  let waitedMs = 0;
  let idleMs = 0;
  for (let canary = 0; canary < windowMs; canary++) {
    const due = canary + HALF_WAY_NS / CANARY_PERIOD_NS;
    const own = partitionOf(dueMs.length + canary, WORKERS);
    let run = due;
    for (let block = heldAt(own, run); block !== undefined; block = heldAt(own, run)) run = block.end;
    if (run - due <= LATE_MS) continue;
    waitedMs += run - due;
    idleMs +=
      run -
      due -
      overlapMs(
        held.filter(({ worker }) => worker !== own),
        { from: due, to: run },
      );
  }
  const [first = [], second = []] = [0, 1].map((own) => held.filter(({ worker }) => worker === own));
  const bothMs = first.reduce((sum, { start, end }) => sum + overlapMs(second, { from: start, to: end }), 0);
  return { allHeldShare: bothMs / windowMs, schedulerShare: waitedMs === 0 ? 0 : idleMs / waitedMs };
}

function overlapMs(
  spans: readonly { readonly start: number; readonly end: number }[],
  { from, to }: { readonly from: number; readonly to: number },
): number {
  return spans.reduce(
    (sum, { start, end }) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)),
    0,
  );
}

export function splitFigures({ allHeldShare, schedulerShare }: Split, trial: JudgedTrial): Figure[] {
  return [
    {
      name: "all held",
      unit: "share",
      said: figureOf(trial.row, "allHeldShare"),
      truth: allHeldShare,
      tolerance: toleranceOf(allHeldShare, ALL_HELD_SHARE, 1 / apart.windowMs),
    },
    {
      name: "waiting that is the scheduler's",
      unit: "share",
      said: figureOf(trial.row, "cause.schedulerShare"),
      truth: schedulerShare,
      tolerance: toleranceOf(schedulerShare, FOUND_SHARE, FALSE_SHARE),
    },
  ];
}

export function partitionedProbes(): Probe[] {
  const subject = subjectOf("work-stealing", { steal: "off" });
  return [
    { what: "queues apart, one worker idle", blocks: apart },
    { what: "queues apart, all workers held", blocks: together },
  ].map(({ what, blocks }) => {
    const trace = blocksTrace(blocks, HALF_WAY_NS);
    const known = knownSplit(blocks);
    return {
      name: `${what} on ${subject.label}`,
      subject,
      wantedCount: 1,
      trial: (live) => live.trial({ trace, subject, workerCount: WORKERS }),
      figuresOf: (trial) => splitFigures(known, trial),
    };
  });
}
