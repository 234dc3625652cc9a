/**
 * Which canaries belong to a trial, and whether all of them have run: what whoever ends it asks.
 *
 * Timer canaries are those due in its window or, of a counted load, until its tasks had ended. Timers that are still
 * to come then never fire; so the header says how many there were.
 */
import { strideIn } from "../workloads/trace/layout.ts";
import { type Trace, timerDueNs, timerPeriodNs } from "../workloads/trace/trace.ts";
import { sumLanes } from "./lane-sums.ts";
import { recordsHeaderRow, taskStates, timerRow } from "./record.ts";
import type { Records } from "./records.ts";

const HEADER = recordsHeaderRow.index;
const TIMER_U16 = strideIn(timerRow, "u16");

/** Timer canaries with a due time of at most `atNs`. */
export function timersDueBy(trace: Trace, { shape }: Records, atNs: number): number {
  if (shape.timerCapacity === 0) return 0;
  const full = Math.max(0, Math.floor(atNs / timerPeriodNs(trace)));
  const count = full + (timerDueNs(trace, full) <= atNs ? 1 : 0);
  return Math.min(count, shape.timerCapacity);
}

/** Nothing more is released, and every canary that was has run, its local one and the first `timerCount` of timers. */
export function haveCanariesRun(records: Records, timerCount: number): boolean {
  if (Atomics.load(records.headerI32, HEADER.releaseEnded) !== 1) return false;
  const canaryCount = Atomics.load(records.headerI32, HEADER.canaryCount);
  const runCount = Math.min(sumLanes(records, "canariesRun"), sumLanes(records, "localsRun"));
  return runCount >= canaryCount && haveTimersRun(records, timerCount);
}

function haveTimersRun({ timerU16 }: Records, count: number): boolean {
  for (let timer = 0; timer < count; timer++) {
    if (timerU16[timer * TIMER_U16 + timerRow.index.state] !== taskStates.done) return false;
  }
  return true;
}
