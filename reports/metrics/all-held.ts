/** The share of the window in which blocks hold every worker: nothing can run, whatever is ready. */
import type { Records } from "../../runtimes/record.ts";
import { BLOCK } from "../../workloads/trace/op.ts";
import {
  OP_CODE,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_PROGRAM,
  TASK_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";
import {
  CANARY_DOUBLES,
  CANARY_RUN,
  canaryCountOf,
  FIRST_POLL,
  HOLD_DOUBLES,
  HOLD_END,
  HOLD_HALVES,
  HOLD_OP,
  HOLD_START,
  holdCountOf,
  STARTS,
  TASK_BYTES,
  TASK_DOUBLES,
} from "../rows.ts";

export interface AllHeld {
  readonly allHeldShare: number | null;
  readonly allHeldShareRaw: number | null;
}

export function measureAllHeld(trace: Trace, records: Records, windowNs: number): AllHeld {
  if (windowNs === 0) return { allHeldShare: null, allHeldShareRaw: null };
  const { startsNs, endsNs } = allHeldStretches(records, windowNs);
  let heldNs = 0;
  for (let index = 0; index < startsNs.length; index++) {
    heldNs += (endsNs[index] as number) - (startsNs[index] as number);
  }
  const gapsNs = canaryCountOf(records) === 0 ? 0 : idleGapsNs(trace, records, { startsNs, endsNs });
  return { allHeldShare: (heldNs + gapsNs) / windowNs, allHeldShareRaw: heldNs / windowNs };
}

/** Disjoint and ascending. */
interface Stretches {
  readonly startsNs: readonly number[];
  readonly endsNs: readonly number[];
}

/** The stretches of [0, windowNs) in which as many blocks are under way as there are workers. */
function allHeldStretches(records: Records, windowNs: number): Stretches {
  const workerCount = records.shape.laneCount - 1;
  const { begins, ends } = blockEdges(records);
  const startsNs: number[] = [];
  const endsNs: number[] = [];
  let held = 0;
  let begin = 0;
  for (let end = 0; end < ends.length; end++) {
    const endNs = ends[end] as number;
    // A block that begins as another ends is not beside it.
    while (begin < begins.length && (begins[begin] as number) < endNs) {
      held++;
      if (held === workerCount) startsNs.push(Math.min(begins[begin] as number, windowNs));
      begin++;
    }
    if (held === workerCount) endsNs.push(Math.min(endNs, windowNs));
    held--;
  }
  return { startsNs, endsNs };
}

/** When blocks begin and when they end, each ascending. */
function blockEdges(records: Records): { begins: Float64Array; ends: Float64Array } {
  const rowCount = holdCountOf(records);
  const begins = new Float64Array(rowCount);
  const ends = new Float64Array(rowCount);
  let count = 0;
  for (let row = 0; row < rowCount; row++) {
    if (records.holdU16[row * HOLD_HALVES + HOLD_OP] !== BLOCK) continue;
    begins[count] = records.holdF64[row * HOLD_DOUBLES + HOLD_START] as number;
    ends[count] = records.holdF64[row * HOLD_DOUBLES + HOLD_END] as number;
    count++;
  }
  return { begins: begins.subarray(0, count).sort(), ends: ends.subarray(0, count).sort() };
}

/** Total length of the gaps between stretches in which nothing made progress. */
function idleGapsNs(trace: Trace, records: Records, { startsNs, endsNs }: Stretches): number {
  const gapCount = Math.max(0, startsNs.length - 1);
  if (gapCount === 0) return 0;
  const hasProgress = new Uint8Array(gapCount);
  const progressAt = (atNs: number): void => {
    const gap = lastAtMost(endsNs, atNs);
    if (gap >= 0 && gap < gapCount && atNs < (startsNs[gap + 1] as number)) hasProgress[gap] = 1;
  };
  const canaryCount = canaryCountOf(records);
  for (let canary = 0; canary < canaryCount; canary++) {
    progressAt(records.canaryF64[canary * CANARY_DOUBLES + CANARY_RUN] as number);
  }
  const startsWithBlock = programsStartingWithBlock(trace);
  for (let task = 0; task < trace.taskCount; task++) {
    if (records.taskU8[task * TASK_BYTES + STARTS] === 0) continue;
    if (startsWithBlock[trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number] === 1) continue;
    progressAt(records.taskF64[task * TASK_DOUBLES + FIRST_POLL] as number);
  }
  let totalNs = 0;
  for (let gap = 0; gap < gapCount; gap++) {
    if (hasProgress[gap] === 0) totalNs += (startsNs[gap + 1] as number) - (endsNs[gap] as number);
  }
  return totalNs;
}

/** Index of the last of ascending `values` that is at most `limit`; −1: none is. */
function lastAtMost(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] as number) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function programsStartingWithBlock(trace: Trace): Uint8Array {
  const { programU32, opU32 } = trace;
  return Uint8Array.from({ length: trace.programCount }, (_, program) => {
    if (programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] === 0) return 0;
    const first = programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    return opU32[first * OP_U32 + OP_CODE] === BLOCK ? 1 : 0;
  });
}
