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
import type { Canaries } from "./canaries.ts";
import { lastAtMost, type Spans } from "./spans.ts";

/** All of them within the window. */
export interface AllHeld {
  /** Blocks hold all workers, and the gaps between two such stretches through which a canary waited and nothing ran. */
  readonly held: Spans;
  /** Blocks hold all workers. */
  readonly raw: Spans;
  /** Blocks and CPU holds together hold all workers. */
  readonly busy: Spans;
}

interface Scene {
  readonly trace: Trace;
  readonly records: Records;
  readonly canaries: Canaries;
  readonly windowNs: number;
}

export function allHeldOf(scene: Scene): AllHeld {
  const { records, windowNs } = scene;
  const raw = allHeldSpans(records, windowNs, true);
  return { raw, held: overGaps(scene, raw), busy: allHeldSpans(records, windowNs, false) };
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

/**
 * The spans, joined where a scheduler only handed a worker from one block to the next. That needs a witness: a canary
 * that had been handed over before the gap and did not run in it. In a gap in which nothing was ready it would have.
 */
function overGaps(scene: Scene, spans: Spans): Spans {
  const { startsNs, endsNs } = spans;
  if (startsNs.length < 2) return spans;
  const hasWaiting = gapsWaitedThrough(scene.canaries, spans);
  const hasProgress = gapsWithProgress(scene, spans);
  const isJoined = (gap: number): boolean => hasWaiting[gap] === 1 && hasProgress[gap] === 0;
  return {
    startsNs: startsNs.filter((_, span) => span === 0 || !isJoined(span - 1)),
    endsNs: endsNs.filter((_, span) => span === endsNs.length - 1 || !isJoined(span)),
  };
}

/** By gap, 1: a canary handed over before it ran after it. */
function gapsWaitedThrough({ submittedNs, runNs }: Canaries, { startsNs, endsNs }: Spans): Uint8Array {
  const hasWaiting = new Uint8Array(startsNs.length - 1);
  let canary = 0;
  let lastRunNs = Number.NEGATIVE_INFINITY;
  for (let gap = 0; gap < hasWaiting.length; gap++) {
    const gapStartNs = endsNs[gap] as number;
    while (canary < runNs.length && (submittedNs[canary] as number) <= gapStartNs) {
      lastRunNs = Math.max(lastRunNs, runNs[canary++] as number);
    }
    if (lastRunNs >= (startsNs[gap + 1] as number)) hasWaiting[gap] = 1;
  }
  return hasWaiting;
}

/** By gap, 1: a canary ran in it, or a task was polled for the first time that does not start with a block. */
function gapsWithProgress({ trace, records, canaries }: Scene, { startsNs, endsNs }: Spans): Uint8Array {
  const gapCount = startsNs.length - 1;
  const hasProgress = new Uint8Array(gapCount);
  const progressAt = (atNs: number): void => {
    const gap = lastAtMost(endsNs, atNs);
    if (gap >= 0 && gap < gapCount && atNs < (startsNs[gap + 1] as number)) hasProgress[gap] = 1;
  };
  canaries.runNs.forEach(progressAt);
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
