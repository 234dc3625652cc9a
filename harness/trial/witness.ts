/**
 * The witness: the harness's own look at a trial, from outside the runtime.
 *
 * It is the main thread of the trial's process and shares nothing with the runtime but the records. It ticks on
 * an absolute schedule, samples the number of tasks in flight, tells the releaser when the last task has ended
 * and ends the trial: when everything is done, or at the cut-off, whether or not the runtime answers.
 */

import { setImmediate as loopTurn } from "node:timers/promises";
import { haveCanariesRun, timersDueBy } from "../../runtimes/canary-counts.ts";
import { sumLanes } from "../../runtimes/lane-sums.ts";
import { recordsHeaderRow, TICK_NS, tickRow } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import type { TrialFacts } from "./trial.ts";

/** The event loop gets a turn this often: for messages of dying workers and for the death of the parent. */
const LOOP_TURN_NS = 20e6;
const PROGRESS_NS = 500e6;

const HEADER = recordsHeaderRow.index;
const TICK_F64 = strideIn(tickRow, "f64");
const TICK_U32 = strideIn(tickRow, "u32");

export interface Watch {
  readonly trace: Trace;
  readonly records: Records;
  /** ns since the epoch, read anew at each call. */
  readonly clock: () => number;
  /** true as soon as the runtime has left by itself. Throws when it died. */
  readonly hasLeft: () => boolean;
  readonly onProgress: (endedCount: number) => void;
  /** Told of every look: when the first tick since the last one was due, and when it is now. */
  readonly onLook: (dueNs: number, nowNs: number) => void;
}

/** Watches the trial until it ends and notes in the header when that was. Its caller then says `stop`. */
export async function watchTrial({
  trace,
  records,
  clock,
  hasLeft,
  onProgress,
  onLook,
}: Watch): Promise<TrialFacts["ending"]> {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const cutOffNs = trace.windowNs + trace.drainNs;
  /** Timer canaries that the trial waits for: those due when its tasks had ended. */
  let timerCount: number | null = null;
  let nextTurnNs = LOOP_TURN_NS;
  let nextProgressNs = PROGRESS_NS;
  for (let tick = 1; ; ) {
    const nowNs = clock();
    if (nowNs < tick * TICK_NS) {
      Atomics.wait(sleeper, 0, 0, (tick * TICK_NS - nowNs) / 1e6);
      continue;
    }
    onLook(tick * TICK_NS, nowNs);
    const endedCount =
      sumLanes(records, "done") + sumLanes(records, "failed") + sumLanes(records, "cancelled");
    const inFlight = sumLanes(records, "submitted") - endedCount;
    for (; tick * TICK_NS <= nowNs; tick++)
      recordTick(records, { dueNs: tick * TICK_NS, atNs: nowNs, inFlight });
    if (timerCount === null && endedCount >= trace.taskCount && nowNs >= trace.windowNs) {
      // Read anew: between its reading of the clock and of the counters the witness may have lost its core.
      timerCount = timersDueBy(trace, records, clock());
      tellReleaser(records);
    }
    const ending =
      endingOf(records, { timerCount, isCutOff: nowNs >= cutOffNs }) ?? (hasLeft() ? "left-early" : null);
    if (ending !== null) {
      const endNs = clock();
      records.headerI32[HEADER.timerCount] = timerCount ?? timersDueBy(trace, records, endNs);
      records.headerF64[HEADER.endNs] = endNs;
      return ending;
    }
    if (nowNs >= nextTurnNs) {
      await loopTurn();
      nextTurnNs = nowNs + LOOP_TURN_NS;
    }
    if (nowNs >= nextProgressNs) {
      onProgress(endedCount);
      nextProgressNs = nowNs + PROGRESS_NS;
    }
  }
}

/** Every task has ended. */
function tellReleaser({ headerI32 }: Records): void {
  Atomics.store(headerI32, HEADER.tasksEnded, 1);
  // It sleeps on this word.
  Atomics.notify(headerI32, HEADER.tasksEnded);
}

/** `timerCount` is null until every task has ended. */
function endingOf(
  records: Records,
  { timerCount, isCutOff }: { timerCount: number | null; isCutOff: boolean },
): TrialFacts["ending"] | null {
  if (timerCount !== null && haveCanariesRun(records, timerCount)) return "all-ended";
  return isCutOff ? "cut-off" : null;
}

function recordTick(records: Records, tick: { dueNs: number; atNs: number; inFlight: number }): void {
  const row = Atomics.load(records.headerI32, HEADER.tickCount);
  if (row >= records.shape.tickCapacity) return;
  records.tickF64[row * TICK_F64 + tickRow.index.dueNs] = tick.dueNs;
  records.tickF64[row * TICK_F64 + tickRow.index.atNs] = tick.atNs;
  // A counter may be read between a task's submission by one thread and its end on another.
  records.tickU32[row * TICK_U32 + tickRow.index.inFlight] = Math.max(0, tick.inFlight);
  Atomics.store(records.headerI32, HEADER.tickCount, row + 1);
}
