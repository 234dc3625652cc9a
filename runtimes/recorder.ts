/**
 * The recorder: writes the rows of a trial's records, the same way for every TypeScript runtime.
 *
 * The twin is `runtimes/native/src/record.rs`.
 */
import { strideIn } from "../workloads/trace/layout.ts";
import { CPU } from "../workloads/trace/op.ts";
import {
  CPU_HOLD_ROW_MIN_NS,
  canaryRow,
  holdRow,
  laneRow,
  recordsHeaderRow,
  stretchKinds,
  stretchRow,
  taskRecordRow,
  taskStates,
  timerRow,
} from "./record.ts";
import type { Records } from "./records.ts";

const HEADER_AT = recordsHeaderRow.index;
const LANE_WORDS = strideIn(laneRow, "u32");
const LANE_DOUBLES = strideIn(laneRow, "f64");
const LANE = laneRow.index;
const ROW_F64 = strideIn(taskRecordRow, "f64");
const ROW_U32 = strideIn(taskRecordRow, "u32");
const ROW_U16 = strideIn(taskRecordRow, "u16");
const ROW_U8 = strideIn(taskRecordRow, "u8");
const SUBMITTED = taskRecordRow.index.submittedNs;
const FIRST_POLL = taskRecordRow.index.firstPollNs;
const FINISH = taskRecordRow.index.finishNs;
const RESUME_WAIT = taskRecordRow.index.resumeWaitNs;
const HELD = taskRecordRow.index.heldNs;
const POLL_COUNT = taskRecordRow.index.pollCount;
const CHECKSUM = taskRecordRow.index.checksum;
const WORKER = taskRecordRow.index.worker;
const STATE = taskRecordRow.index.state;
const STARTS = taskRecordRow.index.starts;
const CANARY_F64 = strideIn(canaryRow, "f64");
const CANARY_U16 = strideIn(canaryRow, "u16");
const CANARY_DUE = canaryRow.index.dueNs;
const CANARY_SUBMITTED = canaryRow.index.submittedNs;
const CANARY_RUN = canaryRow.index.runNs;
const CANARY_WORKER = canaryRow.index.worker;
const CANARY_STATE = canaryRow.index.state;
const LOCAL_RUN = canaryRow.index.localRunNs;
const LOCAL_WORKER = canaryRow.index.localWorker;
const LOCAL_STATE = canaryRow.index.localState;
const TIMER_F64 = strideIn(timerRow, "f64");
const TIMER_U16 = strideIn(timerRow, "u16");
const TIMER_DUE = timerRow.index.dueNs;
const TIMER_RUN = timerRow.index.runNs;
const TIMER_WORKER = timerRow.index.worker;
const TIMER_STATE = timerRow.index.state;
const HOLD_F64 = strideIn(holdRow, "f64");
const HOLD_U32 = strideIn(holdRow, "u32");
const HOLD_U16 = strideIn(holdRow, "u16");
const HOLD_START = holdRow.index.startNs;
const HOLD_END = holdRow.index.endNs;
const HOLD_TASK = holdRow.index.task;
const HOLD_WORKER = holdRow.index.worker;
const HOLD_OP = holdRow.index.op;
const STRETCH_F64 = strideIn(stretchRow, "f64");
const STRETCH_U16 = strideIn(stretchRow, "u16");
const STRETCH_START = stretchRow.index.startNs;
const STRETCH_END = stretchRow.index.endNs;
const STRETCH_WORKER = stretchRow.index.worker;
const STRETCH_KIND = stretchRow.index.kind;
const STATE_SUBMITTED = taskStates.submitted;
const STATE_STARTED = taskStates.started;
const STATE_DONE = taskStates.done;

/**
 * Writes the rows: one recorder a worker, one for the releaser. It never reads a clock; its callers say when,
 * so that one reading can serve the end of a poll and the start of the next.
 */
export class Recorder {
  readonly #lane: number;
  readonly #laneWord: number;
  readonly #laneDouble: number;
  readonly #headerI32: Int32Array;
  readonly #headerF64: Float64Array;
  readonly #laneU32: Uint32Array;
  readonly #laneF64: Float64Array;
  readonly #taskF64: Float64Array;
  readonly #taskU32: Uint32Array;
  readonly #taskU16: Uint16Array;
  readonly #taskU8: Uint8Array;
  readonly #canaryF64: Float64Array;
  readonly #canaryU16: Uint16Array;
  readonly #timerF64: Float64Array;
  readonly #timerU16: Uint16Array;
  readonly #holdF64: Float64Array;
  readonly #holdU32: Uint32Array;
  readonly #holdU16: Uint16Array;
  readonly #holdCapacity: number;
  readonly #stretchF64: Float64Array;
  readonly #stretchU16: Uint16Array;
  readonly #idleRowMinNs: number;

  constructor(records: Records, lane: number) {
    this.#lane = lane;
    this.#laneWord = lane * LANE_WORDS;
    this.#laneDouble = lane * LANE_DOUBLES;
    this.#headerI32 = records.headerI32;
    this.#headerF64 = records.headerF64;
    this.#laneU32 = records.laneU32;
    this.#laneF64 = records.laneF64;
    this.#taskF64 = records.taskF64;
    this.#taskU32 = records.taskU32;
    this.#taskU16 = records.taskU16;
    this.#taskU8 = records.taskU8;
    this.#canaryF64 = records.canaryF64;
    this.#canaryU16 = records.canaryU16;
    this.#timerF64 = records.timerF64;
    this.#timerU16 = records.timerU16;
    this.#holdF64 = records.holdF64;
    this.#holdU32 = records.holdU32;
    this.#holdU16 = records.holdU16;
    this.#holdCapacity = records.shape.holdCapacity;
    this.#stretchF64 = records.stretchF64;
    this.#stretchU16 = records.stretchU16;
    this.#idleRowMinNs = records.shape.idleRowMinNs;
  }

  /** `task` is handed to the runtime. Called before it can be polled. */
  submitted(task: number, atNs: number): void {
    this.#taskF64[task * ROW_F64 + SUBMITTED] = atNs;
    this.#taskU8[task * ROW_U8 + STATE] = STATE_SUBMITTED;
    this.#add(LANE.submitted);
  }

  /** Also for tasks that the runtime itself released. */
  spawned(task: number, atNs: number): void {
    this.submitted(task, atNs);
    this.#add(LANE.spawned);
  }

  /**
   * A poll of `task` begins at `atNs`; `readyNs` is when it could have gone on (later polls only).
   * The reading may be a shared one from before the task was handed over, so it is raised to that instant;
   * the answer is the raised one.
   */
  pollStarts(task: number, atNs: number, readyNs: number): number {
    const row = task * ROW_F64;
    const polls = this.#taskU32[task * ROW_U32 + POLL_COUNT] as number;
    this.#taskU32[task * ROW_U32 + POLL_COUNT] = polls + 1;
    this.#add(LANE.polls);
    if (polls > 0) {
      if (this.#taskU8[task * ROW_U8 + STATE] === STATE_DONE) this.#started(task);
      if (atNs > readyNs) {
        this.#taskF64[row + RESUME_WAIT] = (this.#taskF64[row + RESUME_WAIT] as number) + atNs - readyNs;
      }
      return Math.max(atNs, readyNs);
    }
    const submittedNs = this.#taskF64[row + SUBMITTED] as number;
    const firstPollNs = Math.max(atNs, submittedNs);
    this.#taskF64[row + FIRST_POLL] = firstPollNs;
    this.#taskU16[task * ROW_U16 + WORKER] = this.#lane;
    this.#taskU8[task * ROW_U8 + STATE] = STATE_STARTED;
    this.#started(task);
    return firstPollNs;
  }

  /** A task's first poll, or a poll after its end: then the runtime repeats it, and the second start shows that. */
  #started(task: number): void {
    const starts = this.#taskU8[task * ROW_U8 + STARTS] as number;
    if (starts < 255) this.#taskU8[task * ROW_U8 + STARTS] = starts + 1;
    this.#add(LANE.started);
  }

  /** An op of `task` held the worker from `startNs` to `endNs`. */
  held(task: number, op: number, startNs: number, endNs: number): void {
    const row = task * ROW_F64;
    this.#taskF64[row + HELD] = (this.#taskF64[row + HELD] as number) + endNs - startNs;
    if (op === CPU && endNs - startNs < CPU_HOLD_ROW_MIN_NS) return;
    const hold = Atomics.add(this.#headerI32, HEADER_AT.holdCount, 1);
    if (hold >= this.#holdCapacity) return;
    this.#holdF64[hold * HOLD_F64 + HOLD_START] = startNs;
    this.#holdF64[hold * HOLD_F64 + HOLD_END] = endNs;
    this.#holdU32[hold * HOLD_U32 + HOLD_TASK] = task;
    this.#holdU16[hold * HOLD_U16 + HOLD_WORKER] = this.#lane;
    this.#holdU16[hold * HOLD_U16 + HOLD_OP] = op;
  }

  /** An op was performed; where it has a nominal length, `excessNs` is actual − nominal, else 0. */
  performed(op: number, excessNs: number): void {
    const count = this.#laneWord + LANE.opCount + op;
    this.#laneU32[count] = (this.#laneU32[count] as number) + 1;
    const shortest = this.#laneDouble + LANE.shortestNs + op;
    if (excessNs < (this.#laneF64[shortest] as number)) this.#laneF64[shortest] = excessNs;
  }

  finished(task: number, atNs: number, checksum: number): void {
    const row = task * ROW_F64;
    const firstPollNs = this.#taskF64[row + FIRST_POLL] as number;
    this.#taskF64[row + FINISH] = Math.max(atNs, firstPollNs);
    this.#taskU32[task * ROW_U32 + CHECKSUM] = checksum;
    this.#taskU8[task * ROW_U8 + STATE] = STATE_DONE;
    this.#add(LANE.done);
  }

  canarySubmitted(canary: number, dueNs: number, atNs: number): void {
    this.#canaryF64[canary * CANARY_F64 + CANARY_DUE] = dueNs;
    this.#canaryF64[canary * CANARY_F64 + CANARY_SUBMITTED] = atNs;
    this.#canaryU16[canary * CANARY_U16 + CANARY_STATE] = STATE_SUBMITTED;
    Atomics.store(this.#headerI32, HEADER_AT.canaryCount, canary + 1);
  }

  /** An injected canary ran, and its local one is ready from now on. */
  canaryRan(canary: number, atNs: number): void {
    const submittedNs = this.#canaryF64[canary * CANARY_F64 + CANARY_SUBMITTED] as number;
    this.#canaryF64[canary * CANARY_F64 + CANARY_RUN] = Math.max(atNs, submittedNs);
    this.#canaryU16[canary * CANARY_U16 + CANARY_WORKER] = this.#lane;
    this.#canaryU16[canary * CANARY_U16 + CANARY_STATE] = STATE_DONE;
    this.#canaryU16[canary * CANARY_U16 + LOCAL_STATE] = STATE_SUBMITTED;
    this.#add(LANE.canariesRun);
  }

  /** The local canary that was spawned by `canary` ran. */
  localRan(canary: number, atNs: number): void {
    const readyNs = this.#canaryF64[canary * CANARY_F64 + CANARY_RUN] as number;
    this.#canaryF64[canary * CANARY_F64 + LOCAL_RUN] = Math.max(atNs, readyNs);
    this.#canaryU16[canary * CANARY_U16 + LOCAL_WORKER] = this.#lane;
    this.#canaryU16[canary * CANARY_U16 + LOCAL_STATE] = STATE_DONE;
    this.#add(LANE.localsRun);
  }

  /** The runtime was asked to wake timer canary `timer` at `dueNs`. */
  timerSet(timer: number, dueNs: number): void {
    this.#timerF64[timer * TIMER_F64 + TIMER_DUE] = dueNs;
    this.#timerU16[timer * TIMER_U16 + TIMER_STATE] = STATE_SUBMITTED;
  }

  timerRan(timer: number, atNs: number): void {
    this.#timerF64[timer * TIMER_F64 + TIMER_RUN] = atNs;
    this.#timerU16[timer * TIMER_U16 + TIMER_WORKER] = this.#lane;
    this.#timerU16[timer * TIMER_U16 + TIMER_STATE] = STATE_DONE;
    this.#add(LANE.timersRun);
  }

  /**
   * This lane's worker had nothing to poll from `startNs`, the end of its last poll, to `endNs`, the start of its
   * next or its leaving. Called at most once between two polls: the room for rows is reckoned so.
   */
  idle(startNs: number, endNs: number): void {
    this.#stretch(stretchKinds.idle, startNs, endNs);
  }

  /** The engine collected garbage on this lane's thread. */
  gcPause(startNs: number, endNs: number): void {
    const lengthNs = this.#stretch(stretchKinds.gc, startNs, endNs);
    const longest = this.#laneDouble + LANE.gcLongestNs;
    this.#laneF64[longest] = Math.max(this.#laneF64[longest] as number, lengthNs);
  }

  /** What the event loop of this lane's thread says of itself, `delayNs` in the order of the row. */
  eventLoopSaid(said: { count: number; delayNs: readonly number[]; busyShare: number }): void {
    this.#laneU32[this.#laneWord + LANE.loopDelayCount] = said.count;
    said.delayNs.forEach((ns, index) => {
      this.#laneF64[this.#laneDouble + LANE.loopDelayP50Ns + index] = ns;
    });
    this.#laneF64[this.#laneDouble + LANE.loopBusyShare] = said.busyShare;
  }

  /** Every collection of the trial on this lane's thread has been recorded. */
  gcWatched(): void {
    this.#laneU32[this.#laneWord + LANE.gcWatched] = 1;
  }

  /** This lane's worker runs on the calling thread. Called once, before the first poll. */
  boundTo(threadId: number): void {
    this.#laneU32[this.#laneWord + LANE.threadId] = threadId;
  }

  stole(tasks: number): void {
    this.#add(LANE.steals, tasks);
  }

  parked(): void {
    this.#add(LANE.parks);
  }

  /** `tasks` went from this worker's full queue to the one that all share. */
  overflowed(tasks: number): void {
    this.#add(LANE.overflows, tasks);
  }

  /** A task had used up its budget and was made to yield. */
  yieldedByForce(): void {
    this.#add(LANE.forcedYields);
  }

  /** A task was polled from the slot for the one that became ready last. */
  polledFromLifo(): void {
    this.#add(LANE.lifoPolls);
  }

  /** Sums up as much of a stretch as lies within the trial, and answers how much that is. */
  #stretch(kind: number, startNs: number, endNs: number): number {
    const trialEndNs = this.#headerF64[HEADER_AT.endNs] as number;
    const fromNs = Math.max(startNs, 0);
    const toNs = trialEndNs > 0 ? Math.min(endNs, trialEndNs) : endNs;
    if (!(toNs > fromNs)) return 0;
    const lengthNs = toNs - fromNs;
    const isIdle = kind === stretchKinds.idle;
    const sum = this.#laneDouble + (isIdle ? LANE.idleNs : LANE.gcNs);
    this.#laneF64[sum] = (this.#laneF64[sum] as number) + lengthNs;
    if (!isIdle || lengthNs >= this.#idleRowMinNs) this.#stretchRow(kind, fromNs, toNs);
    return lengthNs;
  }

  /** The count is stored last and in order, so that who reads it finds the rows whole. */
  #stretchRow(kind: number, startNs: number, endNs: number): void {
    const count = this.#laneU32[this.#laneWord + LANE.stretchCount] as number;
    if (count >= (this.#laneU32[this.#laneWord + LANE.stretchCapacity] as number)) {
      this.#add(LANE.stretchesLost);
      return;
    }
    const row = (this.#laneU32[this.#laneWord + LANE.stretchFirst] as number) + count;
    this.#stretchF64[row * STRETCH_F64 + STRETCH_START] = startNs;
    this.#stretchF64[row * STRETCH_F64 + STRETCH_END] = endNs;
    this.#stretchU16[row * STRETCH_U16 + STRETCH_WORKER] = this.#lane;
    this.#stretchU16[row * STRETCH_U16 + STRETCH_KIND] = kind;
    Atomics.store(this.#laneU32, this.#laneWord + LANE.stretchCount, count + 1);
  }

  #add(field: number, more = 1): void {
    const word = this.#laneWord + field;
    this.#laneU32[word] = (this.#laneU32[word] as number) + more;
  }
}
