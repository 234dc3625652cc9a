/** What each worker did over a trial, beside how long ready work waited: the data of a picture of one trial. */
import type { Records } from "../runtimes/records.ts";
import { BLOCK } from "../workloads/trace/op.ts";
import type { Trace } from "../workloads/trace/trace.ts";
import { judgeTrial, type TrialEvidence, type TrialRow } from "./analyze.ts";
import { type Canaries, canariesOf } from "./metrics/canaries.ts";
import { idleSpansOf } from "./metrics/idle.ts";
import { NO_SPANS, type Spans } from "./metrics/spans.ts";
import { windowNsOf } from "./metrics/window.ts";
import {
  HOLD_DOUBLES,
  HOLD_END,
  HOLD_HALVES,
  HOLD_OP,
  HOLD_START,
  HOLD_WORKER,
  holdCountOf,
} from "./rows.ts";

export interface WorkerLane {
  readonly blocks: Spans;
  /** CPU holds that have a row. */
  readonly cpu: Spans;
  /** Idle stretches that have a row. */
  readonly idle: Spans;
}

export interface Lanes {
  /** The window, or up to the last canary where that ran later. */
  readonly spanNs: number;
  readonly workers: readonly WorkerLane[];
  readonly recordsIdle: boolean;
  readonly canaries: Canaries;
}

/** A trial as a picture; lanes are null where its work is not proven. */
export interface Picture {
  readonly trial: TrialRow;
  readonly lanes: Lanes | null;
}

export function pictureOf(evidence: TrialEvidence): Picture {
  const trial = judgeTrial(evidence);
  const { trace, records } = evidence;
  const isShown = trial.metrics !== null && trace !== null && records !== null;
  return { trial, lanes: isShown ? lanesOf(trace, records) : null };
}

export function lanesOf(trace: Trace, records: Records): Lanes {
  const windowNs = windowNsOf(trace, records);
  const canaries = canariesOf(records, windowNs);
  const idle = idleSpansOf(records);
  const blocks = holdsByWorker(records, true);
  const cpu = holdsByWorker(records, false);
  return {
    spanNs: canaries.runNs.reduce((last, runNs) => Math.max(last, runNs), windowNs),
    workers: blocks.map((own, worker) => ({
      blocks: own,
      cpu: cpu[worker] ?? NO_SPANS,
      idle: idle?.[worker] ?? NO_SPANS,
    })),
    recordsIdle: idle !== null,
    canaries,
  };
}

/** Blocks, or else CPU holds, by worker. Those of one worker never overlap, so each column is sorted by itself. */
function holdsByWorker(records: Records, isBlock: boolean): Spans[] {
  const starts = Array.from({ length: records.shape.laneCount - 1 }, (): number[] => []);
  const ends = starts.map((): number[] => []);
  for (let row = 0; row < holdCountOf(records); row++) {
    if ((records.holdU16[row * HOLD_HALVES + HOLD_OP] === BLOCK) !== isBlock) continue;
    const worker = records.holdU16[row * HOLD_HALVES + HOLD_WORKER] as number;
    starts[worker]?.push(records.holdF64[row * HOLD_DOUBLES + HOLD_START] as number);
    ends[worker]?.push(records.holdF64[row * HOLD_DOUBLES + HOLD_END] as number);
  }
  return starts.map((own, worker) => ({
    startsNs: Float64Array.from(own).sort(),
    endsNs: Float64Array.from(ends[worker] ?? []).sort(),
  }));
}
