/** When holds keep every worker: by blocks alone nothing can run at all, whatever is ready. */
import type { Records } from "../../runtimes/records.ts";
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
import { lastAtMost, type Spans } from "./spans.ts";

/** All of them within the window. */
export interface AllHeld {
  /** Blocks hold all workers, and the gaps between two such stretches in which nothing made progress. */
  readonly held: Spans;
  /** Blocks hold all workers. */
  readonly raw: Spans;
  /** Blocks and CPU holds together hold all workers. */
  readonly busy: Spans;
}

export function allHeldOf(trace: Trace, records: Records, windowNs: number): AllHeld {
  const raw = allHeldSpans(records, windowNs, true);
  return {
    raw,
    held: canaryCountOf(records) === 0 ? raw : overIdleGaps(trace, records, raw),
    busy: allHeldSpans(records, windowNs, false),
  };
}

/** The stretches of [0, windowNs) in which as many holds, or blocks alone, are under way as there are workers. */
function allHeldSpans(records: Records, windowNs: number, blocksOnly: boolean): Spans {
  const workerCount = records.shape.laneCount - 1;
  const { begins, ends } = holdEdges(records, blocksOnly);
  const startsNs = new Float64Array(ends.length);
  const endsNs = new Float64Array(ends.length);
  let count = 0;
  let held = 0;
  let begin = 0;
  for (let end = 0; end < ends.length; end++) {
    const endNs = ends[end] as number;
    // A hold that begins as another ends is not beside it.
    while (begin < begins.length && (begins[begin] as number) < endNs) {
      held++;
      if (held === workerCount) startsNs[count] = Math.min(begins[begin] as number, windowNs);
      begin++;
    }
    if (held === workerCount) endsNs[count++] = Math.min(endNs, windowNs);
    held--;
  }
  return { startsNs: startsNs.subarray(0, count), endsNs: endsNs.subarray(0, count) };
}

/** When holds begin and when they end, each ascending. */
function holdEdges(records: Records, blocksOnly: boolean): { begins: Float64Array; ends: Float64Array } {
  const rowCount = holdCountOf(records);
  const begins = new Float64Array(rowCount);
  const ends = new Float64Array(rowCount);
  let count = 0;
  for (let row = 0; row < rowCount; row++) {
    if (blocksOnly && records.holdU16[row * HOLD_HALVES + HOLD_OP] !== BLOCK) continue;
    begins[count] = records.holdF64[row * HOLD_DOUBLES + HOLD_START] as number;
    ends[count] = records.holdF64[row * HOLD_DOUBLES + HOLD_END] as number;
    count++;
  }
  return { begins: begins.subarray(0, count).sort(), ends: ends.subarray(0, count).sort() };
}

/** The spans, joined where nothing made progress between two of them. */
function overIdleGaps(trace: Trace, records: Records, { startsNs, endsNs }: Spans): Spans {
  if (startsNs.length < 2) return { startsNs, endsNs };
  const hasProgress = gapsWithProgress(trace, records, { startsNs, endsNs });
  const isJoined = (gap: number): boolean => hasProgress[gap] === 0;
  return {
    startsNs: startsNs.filter((_, span) => span === 0 || !isJoined(span - 1)),
    endsNs: endsNs.filter((_, span) => span === endsNs.length - 1 || !isJoined(span)),
  };
}

/** By gap, 1: a canary ran in it, or a task was polled for the first time that does not start with a block. */
function gapsWithProgress(trace: Trace, records: Records, { startsNs, endsNs }: Spans): Uint8Array {
  const gapCount = startsNs.length - 1;
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
  return hasProgress;
}

function programsStartingWithBlock(trace: Trace): Uint8Array {
  const { programU32, opU32 } = trace;
  return Uint8Array.from({ length: trace.programCount }, (_, program) => {
    if (programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] === 0) return 0;
    const first = programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    return opU32[first * OP_U32 + OP_CODE] === BLOCK ? 1 : 0;
  });
}
