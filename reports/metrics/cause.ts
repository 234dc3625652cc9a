/**
 * Whose fault it was that canaries were late: each instant of their waiting goes to the first cause that applies.
 *
 * 1. generator: the canary was due and not yet handed over.
 * 2. capacity: no worker is idle, and no more workers could run than there are cores. A worker could run unless it
 *    is idle or a block holds it.
 * 3. cores: more workers could run than there are cores.
 * 4. host: something outside the trial was on the cores. Where nobody watched for that, there is no such cause.
 * 5. scheduler: a worker is idle, and one of them was in all for longer than a wake-up may take while the canary
 *    was ready. In all: a worker that polls its own tasks between two rests passes over the canary each time.
 * 6. waking: a worker is idle, and none was for longer than that.
 *
 * Idle stretches too short for a row are unknown and count as not idle.
 */
import type { Records } from "../../runtimes/records.ts";
import { BLOCK } from "../../workloads/trace/op.ts";
import { HOLD_DOUBLES, HOLD_END, HOLD_HALVES, HOLD_OP, HOLD_START, holdCountOf } from "../rows.ts";
import type { Canaries } from "./canaries.ts";
import { STARVED_NS } from "./episodes.ts";
import { idleSpansOf } from "./idle.ts";
import { type Edges, type Ledger, ledgerOf } from "./ledger.ts";
import type { Better, Metric, Unit } from "./metric.ts";
import { quantile } from "./quantile.ts";
import { coverOf, lastAtMost, NO_SPANS, type Spans } from "./spans.ts";

/** A worker idle for longer than this many of its p99 wake-ups is not waking up. */
const WAKE_UPS = 5;
/** With fewer wake-ups their p99 says nothing, and only a rest as long as a late canary's delay is held against it. */
export const MIN_WAKE_UPS = 100;

/** Shares of the late canaries' waiting; they sum to 1. */
export interface Cause {
  readonly generatorShare: number | null;
  readonly capacityShare: number | null;
  readonly coresShare: number | null;
  readonly hostShare: number | null;
  readonly schedulerShare: number | null;
  readonly wakingShare: number | null;
  readonly wakeUpCount: number | null;
  readonly wakeUpLimitNs: number | null;
}

const NO_STARVATION = {
  generatorShare: null,
  capacityShare: null,
  coresShare: null,
  hostShare: null,
  schedulerShare: null,
  wakingShare: null,
} as const satisfies Partial<Cause>;

export interface Surroundings {
  readonly coreCount: number;
  /** When something outside the trial was on its cores, by a sensor; null: nobody watched. */
  readonly foreign: Spans | null;
}

/** What is known of when workers rested, and how long waking one may take. */
export interface Rests {
  readonly ledger: Ledger;
  /** By worker, how long it was idle up to an instant. */
  readonly idleUntil: readonly ((atNs: number) => number)[];
  readonly wakeUpCount: number;
  readonly limitNs: number;
}

/** null where the runtime records no idle stretches. */
export function restsOf(records: Records, canaries: Canaries, surroundings: Surroundings): Rests | null {
  const idle = idleSpansOf(records);
  if (idle === null) return null;
  const wakeUpsNs = wakeUpsOf(canaries, idle);
  const wakeUpCount = wakeUpsNs.length;
  const ledger = ledgerOf({
    idle: edgesOf(idle),
    blocked: blockEdges(records),
    foreign: surroundings.foreign ?? NO_SPANS,
    workerCount: idle.length,
    coreCount: surroundings.coreCount,
  });
  const limitNs = wakeUpCount < MIN_WAKE_UPS ? STARVED_NS : WAKE_UPS * quantile(wakeUpsNs, 0.99);
  return { ledger, idleUntil: idle.map(coverOf), wakeUpCount, limitNs };
}

export function measureCause(canaries: Canaries, rests: Rests | null, { foreign }: Surroundings): Cause {
  if (rests === null) return { ...NO_STARVATION, wakeUpCount: null, wakeUpLimitNs: null };
  const known = { wakeUpCount: rests.wakeUpCount, wakeUpLimitNs: rests.limitNs };
  const late = lateOf(canaries);
  if (late.length === 0) return { ...NO_STARVATION, ...known };
  const shares = sharesOf(canaries, late, rests);
  return { ...shares, hostShare: foreign === null ? null : shares.hostShare, ...known };
}

function isLate({ dueNs, runNs }: Canaries, canary: number): boolean {
  return (runNs[canary] as number) - (dueNs[canary] as number) > STARVED_NS;
}

function lateOf(canaries: Canaries): number[] {
  const late: number[] = [];
  for (let canary = 0; canary < canaries.dueNs.length; canary++) {
    if (isLate(canaries, canary)) late.push(canary);
  }
  return late;
}

/**
 * How long workers took to wake: from handing over a canary to the end of the idle stretch in which its own worker
 * was by then. Of late canaries it is what is asked, so they have no say.
 */
function wakeUpsOf(canaries: Canaries, idle: readonly Spans[]): Float64Array {
  const { submittedNs, runNs, isCensored, worker } = canaries;
  const wakeUpsNs = new Float64Array(submittedNs.length);
  let count = 0;
  for (let canary = 0; canary < submittedNs.length; canary++) {
    const spans = idle[worker[canary] as number];
    if (isCensored[canary] === 1 || isLate(canaries, canary) || spans === undefined) continue;
    const atNs = submittedNs[canary] as number;
    const span = lastAtMost(spans.startsNs, atNs);
    if (span < 0 || (spans.endsNs[span] as number) < atNs) continue;
    wakeUpsNs[count++] = Math.min(spans.endsNs[span] as number, runNs[canary] as number) - atNs;
  }
  return wakeUpsNs.subarray(0, count);
}

function edgesOf(workers: readonly Spans[]): Edges {
  return {
    startsNs: joined(workers.map(({ startsNs }) => startsNs)).sort(),
    endsNs: joined(workers.map(({ endsNs }) => endsNs)).sort(),
  };
}

function joined(columns: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(columns.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const column of columns) {
    all.set(column, at);
    at += column.length;
  }
  return all;
}

function blockEdges(records: Records): Edges {
  const rowCount = holdCountOf(records);
  const startsNs = new Float64Array(rowCount);
  const endsNs = new Float64Array(rowCount);
  let count = 0;
  for (let row = 0; row < rowCount; row++) {
    if (records.holdU16[row * HOLD_HALVES + HOLD_OP] !== BLOCK) continue;
    startsNs[count] = records.holdF64[row * HOLD_DOUBLES + HOLD_START] as number;
    endsNs[count] = records.holdF64[row * HOLD_DOUBLES + HOLD_END] as number;
    count++;
  }
  return { startsNs: startsNs.subarray(0, count).sort(), endsNs: endsNs.subarray(0, count).sort() };
}

type Shares = Record<keyof typeof NO_STARVATION, number>;

function sharesOf({ dueNs, submittedNs, runNs }: Canaries, late: readonly number[], rests: Rests): Shares {
  const { ledger } = rests;
  let totalNs = 0;
  let generatorNs = 0;
  let capacityNs = 0;
  let coresNs = 0;
  let hostNs = 0;
  let schedulerNs = 0;
  let wakingNs = 0;
  for (const canary of late) {
    const ready: Ready = { fromNs: submittedNs[canary] as number, toNs: runNs[canary] as number };
    totalNs += ready.toNs - (dueNs[canary] as number);
    generatorNs += ready.fromNs - (dueNs[canary] as number);
    capacityNs += timeIn(ledger.capacity, ready);
    coresNs += timeIn(ledger.cores, ready);
    hostNs += timeIn(ledger.host, ready);
    const idleNs = timeIn(ledger.idle, ready);
    if (isPassedOver(rests, ready)) schedulerNs += idleNs;
    else wakingNs += idleNs;
  }
  return {
    generatorShare: generatorNs / totalNs,
    capacityShare: capacityNs / totalNs,
    coresShare: coresNs / totalNs,
    hostShare: hostNs / totalNs,
    schedulerShare: schedulerNs / totalNs,
    wakingShare: wakingNs / totalNs,
  };
}

/** While something was ready and did not run. */
export interface Ready {
  readonly fromNs: number;
  readonly toNs: number;
}

export function timeIn(untilNs: (atNs: number) => number, { fromNs, toNs }: Ready): number {
  return untilNs(toNs) - untilNs(fromNs);
}

/** Whether a worker was idle in all for longer than a wake-up may take within this stretch. */
export function isPassedOver({ idleUntil, limitNs }: Rests, ready: Ready): boolean {
  return idleUntil.some((untilNs) => timeIn(untilNs, ready) > limitNs);
}

const SPLIT =
  "Share of the waiting of all canaries delayed by more than 10 ms, each instant counted for the first cause that applies:";
const UNKNOWN = "null where no canary was that late, or the runtime records no idle stretches.";
const ROWS = "Canary, hold and idle records.";

const rows: readonly [keyof Cause, Unit, Better, string, string][] = [
  [
    "generatorShare",
    "share",
    "neither",
    `${SPLIT} first, due and not yet handed over. ${UNKNOWN}`,
    "Canary records.",
  ],
  [
    "capacityShare",
    "share",
    "neither",
    `${SPLIT} second, no worker idle and no more workers that could run (neither idle nor held by a block) than cores. ${UNKNOWN}`,
    ROWS,
  ],
  [
    "coresShare",
    "share",
    "neither",
    `${SPLIT} third, more workers that could run than cores. ${UNKNOWN}`,
    ROWS,
  ],
  [
    "hostShare",
    "share",
    "neither",
    `${SPLIT} fourth, CPU taken by others or stolen. ${UNKNOWN} Also null where no sensor watched for it; the causes after it then have its part.`,
    "Sensors of the machine.",
  ],
  [
    "schedulerShare",
    "share",
    "lower",
    `${SPLIT} fifth, a worker idle, one of them in all for longer than wakeUpLimitNs while the canary was ready. ${UNKNOWN}`,
    ROWS,
  ],
  [
    "wakingShare",
    "share",
    "lower",
    `${SPLIT} what remains, a worker idle, none of them for longer than that. ${UNKNOWN}`,
    ROWS,
  ],
  [
    "wakeUpCount",
    "count",
    "neither",
    "Canaries not later than 10 ms whose worker was idle when they were handed over; null where the runtime records no idle stretches.",
    "Canary and idle records.",
  ],
  [
    "wakeUpLimitNs",
    "ns",
    "neither",
    `The longest a worker may take to wake: 5 times the p99, over these canaries, from the hand-over to the end of their worker's idle stretch; with fewer than ${MIN_WAKE_UPS} of them 10 ms.`,
    "Canary and idle records.",
  ],
];

export const causeMetrics: readonly Metric<{ readonly cause: Cause }>[] = rows.map(
  ([name, unit, better, definition, source]) => ({
    name: `cause.${name}`,
    section: "starvation",
    unit,
    better,
    definition,
    source,
    of: ({ cause }) => cause[name],
  }),
);
