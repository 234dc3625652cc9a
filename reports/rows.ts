/** Where the fields of record rows stand, as constants for the loops of judge and analysis. */
import {
  canaryRow,
  holdRow,
  laneRow,
  recordsHeaderRow,
  stretchRow,
  taskRecordRow,
  timerRow,
} from "../runtimes/record.ts";
import type { Records } from "../runtimes/records.ts";
import { strideIn } from "../workloads/trace/layout.ts";
import type { Trace } from "../workloads/trace/trace.ts";

export const TASK_DOUBLES: number = strideIn(taskRecordRow, "f64");
export const TASK_WORDS: number = strideIn(taskRecordRow, "u32");
export const TASK_BYTES: number = strideIn(taskRecordRow, "u8");
export const SUBMITTED: number = taskRecordRow.index.submittedNs;
export const FIRST_POLL: number = taskRecordRow.index.firstPollNs;
export const FINISH: number = taskRecordRow.index.finishNs;
export const RESUME_WAIT: number = taskRecordRow.index.resumeWaitNs;
export const HELD: number = taskRecordRow.index.heldNs;
export const POLL_COUNT: number = taskRecordRow.index.pollCount;
export const CHECKSUM: number = taskRecordRow.index.checksum;
export const TASK_HALVES: number = strideIn(taskRecordRow, "u16");
export const WORKER: number = taskRecordRow.index.worker;
export const STATE: number = taskRecordRow.index.state;
export const STARTS: number = taskRecordRow.index.starts;

export const CANARY_DOUBLES: number = strideIn(canaryRow, "f64");
export const CANARY_HALVES: number = strideIn(canaryRow, "u16");
export const CANARY_DUE: number = canaryRow.index.dueNs;
export const CANARY_SUBMITTED: number = canaryRow.index.submittedNs;
export const CANARY_RUN: number = canaryRow.index.runNs;
export const CANARY_WORKER: number = canaryRow.index.worker;
export const CANARY_STATE: number = canaryRow.index.state;

export const CANARY_LOCAL_RUN: number = canaryRow.index.localRunNs;
export const CANARY_LOCAL_STATE: number = canaryRow.index.localState;

export const TIMER_DOUBLES: number = strideIn(timerRow, "f64");
export const TIMER_HALVES: number = strideIn(timerRow, "u16");
export const TIMER_DUE: number = timerRow.index.dueNs;
export const TIMER_RUN: number = timerRow.index.runNs;
export const TIMER_STATE: number = timerRow.index.state;

export const HOLD_DOUBLES: number = strideIn(holdRow, "f64");
export const HOLD_WORDS: number = strideIn(holdRow, "u32");
export const HOLD_HALVES: number = strideIn(holdRow, "u16");
export const HOLD_START: number = holdRow.index.startNs;
export const HOLD_END: number = holdRow.index.endNs;
export const HOLD_TASK: number = holdRow.index.task;
export const HOLD_WORKER: number = holdRow.index.worker;
export const HOLD_OP: number = holdRow.index.op;

export const STRETCH_DOUBLES: number = strideIn(stretchRow, "f64");
export const STRETCH_HALVES: number = strideIn(stretchRow, "u16");
export const STRETCH_START: number = stretchRow.index.startNs;
export const STRETCH_END: number = stretchRow.index.endNs;
export const STRETCH_WORKER: number = stretchRow.index.worker;
export const STRETCH_KIND: number = stretchRow.index.kind;

export const LANE_DOUBLES: number = strideIn(laneRow, "f64");
export const LANE_WORDS: number = strideIn(laneRow, "u32");
export const LANE_PARKS: number = laneRow.index.parks;
export const LANE_IDLE: number = laneRow.index.idleNs;
export const LANE_GC: number = laneRow.index.gcNs;
export const LANE_GC_LONGEST: number = laneRow.index.gcLongestNs;
export const LANE_LOOP_DELAY_COUNT: number = laneRow.index.loopDelayCount;
/** The first of six: p50, p90, p99, p99.9, max, mean. */
export const LANE_LOOP_DELAY: number = laneRow.index.loopDelayP50Ns;
export const LANE_LOOP_BUSY: number = laneRow.index.loopBusyShare;
export const LANE_GC_WATCHED: number = laneRow.index.gcWatched;

export function canaryCountOf(records: Records): number {
  return records.headerI32[recordsHeaderRow.index.canaryCount] as number;
}

/** Hold rows that were written: claims beyond the capacity left no row. */
export function holdCountOf(records: Records): number {
  return Math.min(records.headerI32[recordsHeaderRow.index.holdCount] as number, records.shape.holdCapacity);
}

/** Timer canaries that were due until the end. */
export function timerCountOf(records: Records): number {
  return records.headerI32[recordsHeaderRow.index.timerCount] as number;
}

export function tickCountOf(records: Records): number {
  return records.headerI32[recordsHeaderRow.index.tickCount] as number;
}

/** The rows of the stretches of `lane`: [first, end). */
export function stretchRowsOf({ laneU32 }: Records, lane: number): { first: number; end: number } {
  const first = laneU32[lane * LANE_WORDS + laneRow.index.stretchFirst] as number;
  return { first, end: first + (laneU32[lane * LANE_WORDS + laneRow.index.stretchCount] as number) };
}

/** Stretches of `lane` that found no room and are in its sums only. */
export function lostStretchesOf({ laneU32 }: Records, lane: number): number {
  return laneU32[lane * LANE_WORDS + laneRow.index.stretchesLost] as number;
}

/** When the trial was sealed. */
export function endNsOf(records: Records): number {
  return records.headerF64[recordsHeaderRow.index.endNs] as number;
}

/** Whether the trial was ended by its cut-off, before everything was done or just then. */
export function isCutOff(trace: Trace, records: Records): boolean {
  return endNsOf(records) >= trace.windowNs + trace.drainNs;
}
