/**
 * Validity: is what a trial measured about the runtime, or about what else ran on the machine, or about the load's
 * own generator? One function a rule; the bounds stand in `bounds.ts`.
 *
 * Lateness that the trial's own threads cause never makes it invalid: with as many of them as cores they keep each
 * other from running, and the figures show that as the cost of oversubscription.
 */
import type { TrialFacts } from "../../harness/trial/trial.ts";
import type { Records } from "../../runtimes/records.ts";
import { TASK_DUE, TASK_F64, type Trace } from "../../workloads/trace/trace.ts";
import { type SensorFigures, stretchNsOf, type Tail } from "../metrics/sensors.ts";
import { FIRST_POLL, STARTS, TASK_BYTES, TASK_DOUBLES, tickCountOf } from "../rows.ts";
import {
  BLOCK_OVERSHOOT_NS,
  foreignCoresBound,
  GAP_NS,
  HARNESS_THREADS,
  LAW_DIFFERENCE_SHARE,
  MIN_SENSOR_SAMPLES,
  PEER_CORE_SHARE,
  RELEASE_LAG_NS,
  releaserCoreBound,
  SATURATED_SHARE,
  type Shared,
  stolenCoresBound,
  THROTTLED_NS,
  WITNESS_LATENESS_NS,
} from "./bounds.ts";
import type { LittlesLaw } from "./little.ts";

export const sensorNames = [
  "foreignCpu",
  "steal",
  "throttling",
  "gap",
  "witnessLateness",
  "blockOvershoot",
  "releaseLag",
  "releaser",
  "peer",
  "littlesLaw",
] as const;

export type SensorName = (typeof sensorNames)[number];

export const verdicts = [
  "within",
  "beyond",
  "cost of oversubscription",
  "too short to judge",
  "not watched",
] as const;

export type Verdict = (typeof verdicts)[number];

/** What one sensor says of a trial. */
export interface Reading {
  readonly sensor: SensorName;
  /** In cores, in ns or as a share, as its bound; null: not watched, or too short to tell. */
  readonly figure: number | null;
  /** A figure above it is beyond. */
  readonly bound: number;
  /** What the figure was taken from: values, looks, or readings of a counter. */
  readonly sampleCount: number;
  readonly verdict: Verdict;
}

/** What is judged: a trial in real time whose identity is proven. */
export interface Sensed {
  readonly trace: Trace;
  readonly records: Records;
  readonly facts: TrialFacts;
  readonly figures: SensorFigures;
  readonly law: LittlesLaw;
  readonly coreCount: number;
  readonly workerCount: number;
}

/** Every sensor's reading; null for a trial in virtual time, which no machine disturbs. */
export function readingsOf(trial: Sensed): readonly Reading[] | null {
  if (trial.facts.resources === null) return null;
  return [...ofMachine(trial), ...ofLateness(trial), ...ofGenerator(trial), ofLaw(trial)];
}

/** What disturbed the trial, a sentence a reason. A broken law is none of it: then the records themselves lie. */
export function noiseOf(readings: readonly Reading[]): string[] {
  return readings.flatMap(({ sensor, figure, bound, verdict }) =>
    verdict === "beyond" && sensor !== "littlesLaw" ? [sentences[sensor](figure ?? Number.NaN, bound)] : [],
  );
}

/** Rule 1: nobody else was on the cores, and nothing stopped the trial. */
export function ofMachine({ records, facts, figures, coreCount, workerCount }: Sensed): Reading[] {
  const machine = facts.sensors === null ? null : facts.sensors.machine;
  const cpuCount = machine === null ? coreCount : machine.cpuCount;
  const lengthNs = machine === null ? Number.POSITIVE_INFINITY : stretchNsOf(machine);
  const shared: Shared = { lengthNs, cpuCount, coreCount, workerCount };
  const lookCount = tickCountOf(records);
  const read = (sensor: SensorName, figure: number | null, bound: number): Reading =>
    readingOf({ sensor, figure, bound, lookCount, sampleCount: machine === null ? 0 : machine.atNs.length });
  return [
    read("foreignCpu", figures.foreignCoreShare, foreignCoresBound(shared)),
    read("steal", figures.stolenCoreShare, stolenCoresBound(shared)),
    read("throttling", figures.throttledNs, THROTTLED_NS),
    readingOf({ sensor: "gap", figure: figures.longestGapNs, bound: GAP_NS, sampleCount: lookCount }),
  ];
}

/** Rule 2: where a core is idle, the harness is on time. */
export function ofLateness(trial: Sensed): Reading[] {
  const { witnessLatenessNs, blockOvershootNs } = trial.figures;
  const read = (sensor: SensorName, tail: Tail, bound: number): Reading =>
    excused(readingOf({ sensor, figure: tail.p99, bound, sampleCount: tail.count }), isOversubscribed(trial));
  const blocks = read("blockOvershoot", blockOvershootNs, BLOCK_OVERSHOOT_NS);
  return [
    read("witnessLateness", witnessLatenessNs, WITNESS_LATENESS_NS),
    ...(blocks.sampleCount === 0 ? [] : [blocks]),
  ];
}

/**
 * Rule 3: the load came as planned. Where a core is idle for it, the releaser is on time; where it has to share the
 * workers' cores, it takes little of them. A load that is due all at once has no schedule to keep.
 */
export function ofGenerator(trial: Sensed): Reading[] {
  const { trace, records, facts, figures, coreCount } = trial;
  const { releaseLagNs, releaserCoreShare } = figures;
  const lookCount = tickCountOf(records);
  const lag = readingOf({
    ...{ sensor: "releaseLag", figure: releaseLagNs.p99, bound: RELEASE_LAG_NS },
    sampleCount: releaseLagNs.count,
  });
  const releaser = readingOf({
    ...{ sensor: "releaser", figure: releaserCoreShare, bound: releaserCoreBound(coreCount) },
    ...{ sampleCount: READINGS_OF_A_SUM, lookCount },
  });
  const peer = readingOf({
    ...{ sensor: "peer", figure: facts.peer?.coreShare ?? null, bound: PEER_CORE_SHARE },
    ...{ sampleCount: READINGS_OF_A_SUM, lookCount },
  });
  return [
    ...(isDueAtOnce(trace) || lag.sampleCount === 0 ? [] : [excused(lag, isOversubscribed(trial))]),
    // A releaser with a core for itself spins on it: nobody misses that time.
    ...(isDueAtOnce(trace) || !isReleaserInTheWay(trial) ? [] : [releaser]),
    ...(facts.peer === null ? [] : [peer]),
  ];
}

/** Rule 4: the records agree with what the witness saw, in shares of the tasks that either had in flight on average. */
export function ofLaw({ law: { lookCount, balance } }: Pick<Sensed, "law">): Reading {
  const sensor = "littlesLaw";
  if (balance === null) {
    return readingOf({ sensor, figure: null, bound: LAW_DIFFERENCE_SHARE, sampleCount: lookCount });
  }
  const { excessCount, toleranceCount, recordedCount, seenCount } = balance;
  const share = (count: number): number => (count === 0 ? 0 : count / Math.max(recordedCount, seenCount));
  const figure = share(Math.abs(excessCount));
  return readingOf({ sensor, figure, bound: share(toleranceCount), sampleCount: lookCount });
}

/** Of CPU time over the whole trial: at its epoch and at its end. */
const READINGS_OF_A_SUM = 2;

interface Read extends Omit<Reading, "verdict"> {
  /** Where the figure is a difference of sums: looks of the witness, which say how long the trial was. */
  readonly lookCount?: number;
}

/** Rule 5 goes before all others: a sensor with few samples says nothing. */
function readingOf({ sensor, figure, bound, sampleCount, lookCount = sampleCount }: Read): Reading {
  const isShort = lookCount < MIN_SENSOR_SAMPLES;
  if (isShort) return { sensor, figure: null, bound, sampleCount, verdict: "too short to judge" };
  if (figure === null) return { sensor, figure, bound, sampleCount, verdict: "not watched" };
  // So that a figure that is no number is never within.
  return { sensor, figure, bound, sampleCount, verdict: figure <= bound ? "within" : "beyond" };
}

/** Lateness that the trial's own threads may have caused is not held against it. */
function excused(reading: Reading, isCrowded: boolean): Reading {
  const isJudged = reading.verdict === "within" || reading.verdict === "beyond";
  return isCrowded && isJudged ? { ...reading, verdict: "cost of oversubscription" } : reading;
}

/** Whether the threads that can run at the same time are as many as the cores: workers, peer and the harness's own. */
function isOversubscribed(trial: Sensed): boolean {
  return threadsOfLoad(trial) + HARNESS_THREADS >= trial.coreCount;
}

/** Whether workers and peer may want every core, so that the releaser takes theirs. It does not spin then. */
function isReleaserInTheWay(trial: Sensed): boolean {
  return threadsOfLoad(trial) >= trial.coreCount;
}

function threadsOfLoad({ facts, workerCount }: Sensed): number {
  return workerCount + (facts.peer === null ? 0 : 1);
}

/** A counted load has no window; what of it is released by the schedule is due at the start. */
function isDueAtOnce({ windowNs, classes }: Trace): boolean {
  return windowNs === 0 && classes.some(({ loop }) => loop === "open");
}

/** A label, not a refusal: an open loop was offered more than was even started; null: it was not. */
export function saturationOf(trace: Trace, records: Records): string | null {
  if (trace.windowNs === 0) return null;
  let offered = 0;
  let waiting = 0;
  for (let task = 0; task < trace.rootCount; task++) {
    if ((trace.taskF64[task * TASK_F64 + TASK_DUE] as number) > trace.windowNs) continue;
    offered++;
    const isStarted = records.taskU8[task * TASK_BYTES + STARTS] !== 0;
    const firstPollNs = records.taskF64[task * TASK_DOUBLES + FIRST_POLL] as number;
    if (!isStarted || firstPollNs > trace.windowNs) waiting++;
  }
  if (!(waiting > SATURATED_SHARE * offered)) return null;
  const share = ((100 * waiting) / offered).toFixed(0);
  return `saturated: ${waiting} of ${offered} tasks (${share} %) had not been started when the window closed, so waits grow with the window`;
}

const ms = (ns: number): string => `${(ns / 1e6).toFixed(1)} ms`;
const cores = (share: number): string => `${share.toFixed(2)} of a core`;

const sentences: Readonly<
  Record<Exclude<SensorName, "littlesLaw">, (figure: number, bound: number) => string>
> = {
  foreignCpu: (figure, bound) =>
    `foreign CPU took ${cores(figure)} in the trial's worst second (bound ${bound.toFixed(2)})`,
  steal: (figure, bound) =>
    `the hypervisor kept ${cores(figure)} in the trial's worst second (bound ${bound.toFixed(2)})`,
  throttling: (figure) => `a CPU quota stopped the trial's control group for ${ms(figure)} (bound 0)`,
  gap: (figure, bound) =>
    `the trial stood still for ${ms(figure)}, neither working nor waiting for a core (bound ${ms(bound)})`,
  witnessLateness: (figure, bound) =>
    `the witness was late by ${ms(figure)} at p99 although a core was idle (bound ${ms(bound)})`,
  blockOvershoot: (figure, bound) =>
    `blocks lasted ${ms(figure)} too long at p99 although a core was idle (bound ${ms(bound)})`,
  releaseLag: (figure, bound) =>
    `generator-limited: tasks were released ${ms(figure)} late at p99 although a core was idle (bound ${ms(bound)}), so the figures are the generator's`,
  releaser: (figure, bound) =>
    `generator-limited: the releaser took ${cores(figure)} from the workers (bound ${bound.toFixed(2)}), so the figures are the generator's`,
  peer: (figure, bound) =>
    `peer-limited: the echo peer took ${cores(figure)} (bound ${bound.toFixed(2)}), so the figures are the peer's`,
};
