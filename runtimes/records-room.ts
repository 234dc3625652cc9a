/** How many rows of each kind a trial may need at most. */
import { BLOCK, CPU } from "../workloads/trace/op.ts";
import {
  OP_CODE,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_PROGRAM,
  TASK_U32,
  type Trace,
  timerPeriodNs,
} from "../workloads/trace/trace.ts";
import { canaryPolls } from "./ids.ts";
import { pollBound } from "./poll-bound.ts";
import { TICK_NS } from "./record.ts";
import type { RecordsShape } from "./records.ts";

/**
 * A shorter idle stretch never gets a row of its own; `idleNs` of its lane counts it all the same. About twice
 * what waking a parked thread takes (4 to 5 µs through a futex on the machines this was built on), so that a row
 * is a rest rather than the way into one and out again.
 */
const IDLE_ROW_MIN_NS = 10e3;
/**
 * Rows of idle stretches at most: of a worker 3 MiB, of all workers 24 MiB. Where a worker may have more, only
 * longer stretches get a row: as long as the cut-off divided by its limit, so that there is room for all of those.
 */
const IDLE_ROW_LIMIT = 2 ** 17;
const IDLE_ROW_LIMIT_OF_ALL = 2 ** 20;
/** Rows for pauses of the collector, a worker: some, and one in this time, and at most 96 KiB of them. */
const GC_ROWS_MIN = 256;
const GC_ROW_NS = 5e6;
const GC_ROW_LIMIT = 4096;

/** What a trial of `trace` with `workerCount` workers may record at most. */
export function shapeFor(trace: Trace, workerCount: number): RecordsShape {
  const cutOffNs = trace.windowNs + trace.drainNs;
  const { idleRows, idleRowMinNs } = idleLimit(trace, workerCount);
  const gcRows = Math.min(GC_ROWS_MIN + Math.ceil(cutOffNs / GC_ROW_NS), GC_ROW_LIMIT);
  return {
    laneCount: workerCount + 1,
    taskCount: trace.taskCount,
    canaryCapacity: canaryLimit(trace),
    timerCapacity: timerLimit(trace),
    holdCapacity: holdOpsOf(trace),
    tickCapacity: Math.ceil(cutOffNs / TICK_NS) + 1,
    stretchCapacity: workerCount * (idleRows + gcRows),
    idleRowMinNs,
  };
}

/** Canaries that may be released: one a full period of the window; without a window, up to the cut-off. */
function canaryLimit(trace: Trace): number {
  return periodsIn(trace, trace.canaryPeriodNs);
}

/** The same for timer canaries. */
function timerLimit(trace: Trace): number {
  return periodsIn(trace, timerPeriodNs(trace));
}

/** Full periods of the window; without a window, those that begin before the cut-off. */
function periodsIn({ windowNs, drainNs }: Trace, periodNs: number): number {
  if (periodNs === 0) return 0;
  return windowNs > 0 ? Math.floor(windowNs / periodNs) : Math.ceil(drainNs / periodNs) + 1;
}

/** How many idle stretches of a worker can get a row, and how long one must be for that. */
function idleLimit(trace: Trace, workerCount: number): { idleRows: number; idleRowMinNs: number } {
  const cutOffNs = trace.windowNs + trace.drainNs;
  const rowLimit = Math.min(IDLE_ROW_LIMIT, Math.floor(IDLE_ROW_LIMIT_OF_ALL / workerCount));
  // Between two of them there is a poll.
  const stretches =
    pollBound(trace, canaryPolls({ canaryCapacity: canaryLimit(trace), timerCapacity: timerLimit(trace) })) +
    1;
  const idleRowMinNs =
    stretches <= rowLimit ? IDLE_ROW_MIN_NS : Math.max(IDLE_ROW_MIN_NS, cutOffNs / (rowLimit - 1));
  return { idleRows: Math.min(stretches, Math.floor(cutOffNs / idleRowMinNs) + 1), idleRowMinNs };
}

/** Upper bound of hold rows: one an op that can hold a worker. */
function holdOpsOf(trace: Trace): number {
  const perProgram = Array.from({ length: trace.programCount }, (_, program) => {
    const first = trace.programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    const count = trace.programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] as number;
    let holds = 0;
    for (let op = first; op < first + count; op++) {
      const code = trace.opU32[op * OP_U32 + OP_CODE] as number;
      if (code === CPU || code === BLOCK) holds++;
    }
    return holds;
  });
  let total = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    total += perProgram[trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number] as number;
  }
  return total;
}
