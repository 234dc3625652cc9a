/**
 * Little's law as a check that can fail: L = λW (Little, "A proof for the queuing formula L = λW", 1961).
 *
 * L is what the witness saw: its looks at the runtime's own counters of tasks submitted and ended. λW is what the
 * records say: the integral, over the trial, of the tasks between their submission and their finish. Whoever stamps
 * a finish earlier, or a submission later, than it counts it has a λW below its L.
 *
 * The two are compared at the instants of the looks, not as averages: a load in step with the ticks, or a witness
 * that is late when much is in flight, would else look like a lie. (It is a control variate with coefficient 1: what
 * the records have at these instants is known, so that no error of sampling is left.) Of what a look has seen and
 * the records exclude, the mean may be 5 % of λW, or three standard errors. What is left of an honest trial are
 * strays, of a thread that lost its core between a stamp and its counter; looks that follow each other see the same
 * one, so that the error is that of the means of batches longer than such a stop (Schmeiser, "Batch size effects in
 * the analysis of simulation output", 1982). A lie that grows or ebbs widens that error, too; but strays are few, so
 * no more is put down to them than the tenth of the looks has seen that contradicts the records most. What drains
 * after the window is not asked: it may outweigh all that was in it.
 */
import { TICK_NS, taskStates, tickRow } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import { FINISH, STARTS, STATE, SUBMITTED, TASK_BYTES, TASK_DOUBLES, tickCountOf } from "../rows.ts";
import { LAW_DIFFERENCE_SHARE, LAW_STANDARD_ERRORS, LAW_STRAY_SHARE, MIN_SENSOR_SAMPLES } from "./bounds.ts";
import { OTHER_CLOCK_NS } from "./tolerance.ts";

/** More than twice as long as a thread may stand still in a valid trial. */
const BATCH_NS = 50e6;

/**
 * A stamp and its counter are two stores, and the witness reads clock and counters one after the other: a task may
 * be in flight to one of them this much earlier or later than to the other.
 */
const APART_NS = OTHER_CLOCK_NS;

const TICK_DOUBLES = strideIn(tickRow, "f64");
const TICK_WORDS = strideIn(tickRow, "u32");

export interface LittlesLaw {
  /** Looks of the witness; ticks that came late together are one. */
  readonly lookCount: number;
  /** null: too short to judge. */
  readonly balance: Balance | null;
}

/** What the witness saw against what the records say. */
export interface Balance {
  /** Tasks in flight on average, as the witness saw it (L), and by the records (λW). */
  readonly seenCount: number;
  readonly recordedCount: number;
  /** Looks that saw more or fewer tasks than the records can have had there. */
  readonly contradictingCount: number;
  /** By how many tasks on average of all looks; below 0: fewer. */
  readonly excessCount: number;
  readonly toleranceCount: number;
}

export function littlesLaw(trace: Trace, records: Records): LittlesLaw {
  const looks = looksOf(records, trace.windowNs > 0 ? trace.windowNs : Number.POSITIVE_INFINITY);
  const lookCount = looks.atNs.length;
  return { lookCount, balance: lookCount < MIN_SENSOR_SAMPLES ? null : balanceOf(looks, trace, records) };
}

function balanceOf({ atNs, inFlight }: Looks, trace: Trace, records: Records): Balance {
  const lookCount = atNs.length;
  const { least, most, recordedCount } = inFlightAt(atNs, trace, records);
  let seen = 0;
  let contradictingCount = 0;
  const beyond = new Float64Array(lookCount);
  for (let look = 0; look < lookCount; look++) {
    const seenNow = inFlight[look] as number;
    const low = least[look] as number;
    const high = most[look] as number;
    seen += seenNow;
    if (seenNow >= low && seenNow <= high) continue;
    beyond[look] = seenNow - (seenNow < low ? low : high);
    contradictingCount++;
  }
  const excessCount = beyond.reduce((sum, each) => sum + each, 0) / lookCount;
  const leastCount = LAW_DIFFERENCE_SHARE * recordedCount;
  const strayCount = Math.min(
    LAW_STANDARD_ERRORS * standardErrorOf(beyond, atNs),
    leastCount + worstOf(beyond, Math.sign(excessCount)),
  );
  return {
    seenCount: seen / lookCount,
    recordedCount,
    contradictingCount,
    excessCount,
    toleranceCount: Math.max(leastCount, strayCount),
  };
}

/** Why the records cannot be true; null: the law holds, or the trial is too short to judge. */
export function littleBroken({ lookCount, balance }: LittlesLaw): string | null {
  if (balance === null || Math.abs(balance.excessCount) <= balance.toleranceCount) return null;
  const [recorded, excess, tolerance] = [
    balance.recordedCount,
    balance.excessCount,
    balance.toleranceCount,
  ].map((count) => Math.abs(count).toPrecision(3));
  const which = balance.excessCount > 0 ? "more" : "fewer";
  return `Little's law: by the records ${recorded} tasks were in flight on average, and the witness saw ${excess} ${which} than they have where it looked (n = ${lookCount}); ${tolerance} are allowed`;
}

interface Looks {
  /** Ascending, no two alike. */
  readonly atNs: Float64Array;
  readonly inFlight: Float64Array;
}

/** Those of the window: up to `untilNs`. */
function looksOf(records: Records, untilNs: number): Looks {
  const tickCount = tickCountOf(records);
  const atNs = new Float64Array(tickCount);
  const inFlight = new Float64Array(tickCount);
  let count = 0;
  for (let tick = 0; tick < tickCount; tick++) {
    const tickNs = records.tickF64[tick * TICK_DOUBLES + tickRow.index.atNs] as number;
    if (tickNs > untilNs) break;
    if (count > 0 && !(tickNs > (atNs[count - 1] as number))) continue;
    atNs[count] = tickNs;
    inFlight[count++] = records.tickU32[tick * TICK_WORDS + tickRow.index.inFlight] as number;
  }
  return { atNs: atNs.subarray(0, count), inFlight: inFlight.subarray(0, count) };
}

interface InFlight {
  /** By the records, at each look: with all submissions seen late and all ends early, and the other way round. */
  readonly least: Float64Array;
  readonly most: Float64Array;
  /** On average from the epoch to the last look. */
  readonly recordedCount: number;
}

function inFlightAt(atNs: Float64Array, trace: Trace, records: Records): InFlight {
  const lookCount = atNs.length;
  const endNs = atNs[lookCount - 1] as number;
  const firstFrom = firstLookFrom(atNs);
  const least = new Float64Array(lookCount + 1);
  const most = new Float64Array(lookCount + 1);
  const step = (steps: Float64Array, fromNs: number, by: number): void => {
    const look = firstFrom(fromNs);
    steps[look] = (steps[look] as number) + by;
  };
  let totalNs = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    const submittedNs = records.taskF64[task * TASK_DOUBLES + SUBMITTED] as number;
    if (!(submittedNs > 0) && records.taskU8[task * TASK_BYTES + STARTS] === 0) continue;
    step(least, submittedNs + APART_NS, 1);
    step(most, submittedNs - APART_NS, 1);
    const isDone = records.taskU8[task * TASK_BYTES + STATE] === taskStates.done;
    const finishNs = isDone ? (records.taskF64[task * TASK_DOUBLES + FINISH] as number) : endNs;
    if (isDone) {
      step(least, finishNs - APART_NS, -1);
      step(most, finishNs + APART_NS, -1);
    }
    totalNs += Math.max(0, Math.min(finishNs, endNs) - submittedNs);
  }
  for (let look = 1; look < lookCount; look++) {
    least[look] = (least[look] as number) + (least[look - 1] as number);
    most[look] = (most[look] as number) + (most[look - 1] as number);
  }
  return { least, most, recordedCount: totalNs / endNs };
}

/**
 * Finds the first of ascending `atNs` that is not before a given time; their number where none is. They come about one a
 * tick, so the first one of the time's tick is at most a few before it.
 */
function firstLookFrom(atNs: Float64Array): (fromNs: number) => number {
  const endNs = atNs[atNs.length - 1] as number;
  const firstOfTick = new Uint32Array(Math.floor(endNs / TICK_NS) + 1);
  let look = 0;
  for (let tick = 0; tick < firstOfTick.length; tick++) {
    while ((atNs[look] as number) < tick * TICK_NS) look++;
    firstOfTick[tick] = look;
  }
  return (fromNs) => {
    if (fromNs > endNs) return atNs.length;
    let first = fromNs > 0 ? (firstOfTick[Math.floor(fromNs / TICK_NS)] as number) : 0;
    while ((atNs[first] as number) < fromNs) first++;
    return first;
  };
}

/** Of the mean of `values`, which stand at ascending `atNs`, by the means of batches of BATCH_NS. */
function standardErrorOf(values: Float64Array, atNs: Float64Array): number {
  const means: number[] = [];
  for (let from = 0, to = 0; from < values.length; from = to) {
    const batch = Math.floor((atNs[from] as number) / BATCH_NS);
    let sum = 0;
    for (; to < values.length && Math.floor((atNs[to] as number) / BATCH_NS) === batch; to++) {
      sum += values[to] as number;
    }
    means.push(sum / (to - from));
  }
  const mean = means.reduce((sum, each) => sum + each, 0) / means.length;
  const squares = means.reduce((sum, each) => sum + (each - mean) ** 2, 0);
  return Math.sqrt(squares / Math.max(1, means.length - 1) / means.length);
}

/** What the LAW_STRAY_SHARE of `values` that lie furthest on the side of `sign` adds to their mean, without sign. */
function worstOf(values: Float64Array, sign: number): number {
  const ascending = values.map((value) => Math.max(0, sign * value)).sort();
  const from = Math.floor((1 - LAW_STRAY_SHARE) * ascending.length);
  return ascending.subarray(from).reduce((sum, each) => sum + each, 0) / ascending.length;
}
