/**
 * The rows of a trial's records, and the codes in them. All times are ns since the trial's epoch (CLOCK_MONOTONIC).
 *
 * This file and `workloads/trace/op.ts` are the only sources of layouts; the Rust twin is generated.
 */
import { type Layout, layout } from "../workloads/trace/layout.ts";

export const RECORDS_VERSION = 3;

/** A CPU hold shorter than this gets no row of its own; `heldNs` of its task counts it all the same. */
export const CPU_HOLD_ROW_MIN_NS = 1e6;

/** The witness ticks this often. */
export const TICK_NS = 1e6;

/** How far a task came. Written last, so that a row whose state says `done` is whole. */
export const taskStates: Readonly<
  Record<"none" | "submitted" | "started" | "done" | "failed" | "cancelled" | "unserved", number>
> = {
  none: 0,
  submitted: 1,
  started: 2,
  done: 3,
  failed: 4,
  cancelled: 5,
  /** Set by the witness at the cut-off, in the sealed copy only. */
  unserved: 6,
};

/** Why a worker polled nothing. */
export const stretchKinds: Readonly<Record<"idle" | "gc", number>> = {
  /** It had nothing to poll: from the end of its last poll to the start of its next. */
  idle: 1,
  /** Its engine collected garbage on its thread, at whatever it was. */
  gc: 2,
};

export const recordsHeaderRow: Layout<
  | "magicLow"
  | "magicHigh"
  | "version"
  | "laneCount"
  | "taskCount"
  | "canaryCapacity"
  | "timerCapacity"
  | "holdCapacity"
  | "tickCapacity"
  | "stretchCapacity"
  | "canaryCount"
  | "timerCount"
  | "holdCount"
  | "tickCount"
  | "tasksEnded"
  | "stop"
  | "releaseEnded"
  | "reserved0"
  | "epochNs"
  | "endNs"
  | "idleRowMinNs"
  | "reserved1"
  | "reserved2"
  | "reserved3"
  | "reserved4"
  | "unwritten"
> = layout("RecordsHeader", {
  magicLow: "u32",
  magicHigh: "u32",
  version: "u32",
  laneCount: "u32",
  taskCount: "u32",
  canaryCapacity: "u32",
  timerCapacity: "u32",
  holdCapacity: "u32",
  tickCapacity: "u32",
  /** Of all lanes together. */
  stretchCapacity: "u32",
  /** Canaries released so far. Written by the releaser. */
  canaryCount: "i32",
  /** Timer canaries that were due until the end. Written by the witness when the trial is over. */
  timerCount: "i32",
  /** Hold rows claimed so far: an atomic add by whoever records one. May pass the capacity; such rows are lost. */
  holdCount: "i32",
  /** Tick rows written so far. Written by the witness. */
  tickCount: "i32",
  /** 1: every task has ended; the releaser releases the canaries due by now and no later one. Written by the witness. */
  tasksEnded: "i32",
  /** 1: workers and releaser leave their loops. Written by the witness. */
  stop: "i32",
  /** 1: nothing will be released any more. Written by the releaser. */
  releaseEnded: "i32",
  reserved0: "u32",
  /** CLOCK_MONOTONIC at the trial's epoch, in ns. Written before `execute` starts. */
  epochNs: "f64",
  /** When the trial was sealed, ns since the epoch; 0 until it is over. Written by the witness before it says `stop`. */
  endNs: "f64",
  /** An idle stretch shorter than this has no row. */
  idleRowMinNs: "f64",
  reserved1: "f64",
  reserved2: "f64",
  reserved3: "f64",
  reserved4: "f64",
  unwritten: "u32x16",
});

/**
 * A worker's own counters: written by that worker only, read by the witness. It ends in more than a cache line
 * that nobody writes, so that two lanes share none wherever the block begins in memory.
 */
export const laneRow: Layout<
  | "submitted"
  | "started"
  | "done"
  | "failed"
  | "cancelled"
  | "polls"
  | "spawned"
  | "canariesRun"
  | "timersRun"
  | "localsRun"
  | "steals"
  | "parks"
  | "threadId"
  | "overflows"
  | "forcedYields"
  | "lifoPolls"
  | "stretchFirst"
  | "stretchCapacity"
  | "stretchCount"
  | "stretchesLost"
  | "gcWatched"
  | "loopDelayCount"
  | "opCount"
  | "shortestNs"
  | "idleNs"
  | "gcNs"
  | "gcLongestNs"
  | "loopDelayP50Ns"
  | "loopDelayP90Ns"
  | "loopDelayP99Ns"
  | "loopDelayP999Ns"
  | "loopDelayMaxNs"
  | "loopDelayMeanNs"
  | "loopBusyShare"
  | "reserved0"
  | "reserved1"
  | "reserved2"
  | "unwritten"
> = layout("Lane", {
  /** Tasks handed to the runtime. */
  submitted: "u32",
  started: "u32",
  done: "u32",
  failed: "u32",
  cancelled: "u32",
  polls: "u32",
  /** Successors and children that this worker released. */
  spawned: "u32",
  /** Injected, timer and local canaries that this worker ran. */
  canariesRun: "u32",
  timersRun: "u32",
  localsRun: "u32",
  steals: "u32",
  parks: "u32",
  /** Kernel id of the worker's thread; 0 where the kernel tells none. */
  threadId: "u32",
  /** Tasks moved from this worker's full queue to the one that all share. */
  overflows: "u32",
  /** Tasks made to yield because their budget was used up. */
  forcedYields: "u32",
  /** Polls of a task from the slot for the one that became ready last. */
  lifoPolls: "u32",
  /** The lane's part of the stretches, in rows: where it begins, how many it holds, how many are written. */
  stretchFirst: "u32",
  stretchCapacity: "u32",
  stretchCount: "u32",
  /** Stretches that found no room; the sums below have them. */
  stretchesLost: "u32",
  /** 1: every collection on this worker's thread during the trial is in its stretches and sums. */
  gcWatched: "u32",
  /** Samples of the event loop's own delay histogram; 0: it was not asked. */
  loopDelayCount: "u32",
  /** Ops performed, by opcode. */
  opCount: "u32x16",
  /** The least (actual − nominal) seen, by opcode; 0 until one was late or early. */
  shortestNs: "f64x16",
  /** Σ of all idle stretches, also of those too short for a row; 0: this runtime records none. */
  idleNs: "f64",
  /** Σ and longest of the pauses of the collector. */
  gcNs: "f64",
  gcLongestNs: "f64",
  /** What that histogram says, and the event loop's own utilization (Node, perf_hooks). */
  loopDelayP50Ns: "f64",
  loopDelayP90Ns: "f64",
  loopDelayP99Ns: "f64",
  loopDelayP999Ns: "f64",
  loopDelayMaxNs: "f64",
  loopDelayMeanNs: "f64",
  loopBusyShare: "f64",
  reserved0: "f64",
  reserved1: "f64",
  reserved2: "f64",
  unwritten: "u32x16",
});

/** One a task. */
export const taskRecordRow: Layout<
  | "submittedNs"
  | "firstPollNs"
  | "finishNs"
  | "resumeWaitNs"
  | "heldNs"
  | "pollCount"
  | "checksum"
  | "worker"
  | "state"
  | "starts"
  | "reserved0"
  | "reserved1"
> = layout("TaskRecord", {
  submittedNs: "f64",
  firstPollNs: "f64",
  finishNs: "f64",
  /** Σ (poll − ready) of all polls but the first. */
  resumeWaitNs: "f64",
  /** Σ of the stretches in which its ops held a worker. */
  heldNs: "f64",
  pollCount: "u32",
  checksum: "u32",
  /** Lane of the worker of the first poll. */
  worker: "u16",
  state: "u8",
  /** How often it was started: 1, or the runtime repeats tasks. Stays at 255. */
  starts: "u8",
  reserved0: "u32",
  reserved1: "f64",
});

/**
 * One an injected canary, and the local canary that it spawned when it ran: ready from `runNs` on, run at
 * `localRunNs`.
 */
export const canaryRow: Layout<
  "dueNs" | "submittedNs" | "runNs" | "localRunNs" | "worker" | "state" | "localWorker" | "localState"
> = layout("Canary", {
  dueNs: "f64",
  submittedNs: "f64",
  runNs: "f64",
  localRunNs: "f64",
  worker: "u16",
  /** A `taskStates` code: submitted, done. */
  state: "u16",
  localWorker: "u16",
  localState: "u16",
});

/** One a timer canary: a timer of the runtime was asked to fire at `dueNs`, and what waited for it ran at `runNs`. */
export const timerRow: Layout<"dueNs" | "runNs" | "worker" | "state" | "reserved"> = layout("TimerCanary", {
  dueNs: "f64",
  runNs: "f64",
  worker: "u16",
  /** A `taskStates` code: submitted once the runtime was asked, done. */
  state: "u16",
  reserved: "u32",
});

/** One a hold: every block, and every CPU op of at least CPU_HOLD_ROW_MIN_NS. */
export const holdRow: Layout<"startNs" | "endNs" | "task" | "worker" | "op"> = layout("Hold", {
  startNs: "f64",
  endNs: "f64",
  task: "u32",
  worker: "u16",
  op: "u16",
});

/** One a tick of the witness. */
export const tickRow: Layout<"dueNs" | "atNs" | "inFlight" | "reserved"> = layout("Tick", {
  dueNs: "f64",
  atNs: "f64",
  /** Tasks submitted and not ended, by the runtime's own counters. */
  inFlight: "u32",
  reserved: "u32",
});

/** One a stretch in which a worker polled nothing. Of one lane in the order in which they were recorded. */
export const stretchRow: Layout<"startNs" | "endNs" | "worker" | "kind" | "reserved"> = layout("Stretch", {
  startNs: "f64",
  endNs: "f64",
  worker: "u16",
  /** A `stretchKinds` code. */
  kind: "u16",
  reserved: "u32",
});
