/**
 * Releases tasks and canaries at their due times, from outside the runtime, as a client would.
 *
 * The schedule is absolute: a late release never moves the next one, so a stalled runtime is charged for its
 * stall (no coordinated omission; Tene, "How NOT to Measure Latency"). A task that also follows another one
 * passes through its gate: whoever comes last, its due time or its predecessor, hands it over.
 */
import {
  type CanaryPhases,
  canaryDueNs,
  NONE,
  TASK_AFTER,
  TASK_DUE,
  TASK_F64,
  TASK_U32,
  type Trace,
} from "../workloads/trace/trace.ts";
import { recordsHeaderRow } from "./record.ts";
import { Recorder } from "./recorder.ts";
import type { Records } from "./records.ts";

/** Handed over at a time, so that a runtime starts on a large batch while it is still released. */
const BATCH = 64;
/**
 * Where spinning is allowed the last stretch before a due time is spun: with little timer slack a sleep ends some
 * 35 µs late. At a canary a millisecond it is 6 % of a core; 150 µs took 7 % of both of two.
 */
const SPIN_NS = 60e3;
/** The longest sleep: the witness sets its words without waking anybody. */
const SLEEP_LIMIT_NS = 10e6;

const HEADER = recordsHeaderRow.index;

export interface ReleaseSettings {
  readonly trace: Trace;
  readonly records: Records;
  /** See `Tasks.gates`. */
  readonly gates: Int32Array;
  readonly inlet: { push(ids: Int32Array, count: number): void };
  /** ns since the epoch, read anew at each call. */
  readonly clock: { now(): number };
  /** Whether a core is free for spinning. */
  readonly maySpin: boolean;
}

export class Releaser {
  // The columns themselves, not the objects that hold them: objects from another thread have another shape, and
  // code that was compiled during the warm-up would be thrown away.
  readonly #headerI32: Int32Array;
  readonly #taskF64: Float64Array;
  readonly #taskU32: Uint32Array;
  readonly #gates: Int32Array;
  readonly #inlet: ReleaseSettings["inlet"];
  readonly #clock: ReleaseSettings["clock"];
  readonly #maySpin: boolean;
  readonly #phases: CanaryPhases;
  readonly #rootCount: number;
  readonly #firstCanaryId: number;
  /** It ends by the number of its tasks. */
  readonly #endsByCount: boolean;
  /** Canaries with this index and later are not released. */
  readonly #canaryLimit: number;
  readonly #recorder: Recorder;
  readonly #batch = new Int32Array(BATCH);
  #batchCount = 0;
  #nextRoot = 0;
  #nextCanary = 0;
  #nextCanaryNs: number;

  constructor({ trace, records, gates, inlet, clock, maySpin }: ReleaseSettings) {
    this.#headerI32 = records.headerI32;
    this.#taskF64 = trace.taskF64;
    this.#taskU32 = trace.taskU32;
    this.#gates = gates;
    this.#inlet = inlet;
    this.#clock = clock;
    this.#maySpin = maySpin;
    const { seed, canaryPeriodNs, canaryPhaseNs } = trace;
    this.#phases = { seed, canaryPeriodNs, canaryPhaseNs };
    this.#rootCount = trace.rootCount;
    this.#firstCanaryId = trace.taskCount;
    this.#endsByCount = trace.windowNs === 0;
    this.#recorder = new Recorder(records, records.shape.laneCount - 1);
    this.#canaryLimit = records.shape.canaryCapacity;
    this.#nextCanaryNs = this.#canaryNs(0);
  }

  /** Releases everything, and returns when nothing is left to release or the witness has set `stop`. */
  run(): void {
    const headerI32 = this.#headerI32;
    while (Atomics.load(headerI32, HEADER.stop) === 0) {
      // Read before the clock: what was due when the last task ended is then due by this reading.
      const isOver = this.#endsByCount && Atomics.load(headerI32, HEADER.tasksEnded) === 1;
      const nowNs = this.#clock.now();
      if (this.releaseDue(nowNs)) continue;
      if (isOver) break;
      const nextNs = Math.min(this.#nextRootNs(), this.#nextCanaryNs);
      if (nextNs === Number.POSITIVE_INFINITY) break;
      this.#sleep(nextNs - nowNs);
    }
    Atomics.store(headerI32, HEADER.releaseEnded, 1);
  }

  /** Hands over what is due by `nowNs`, in the order of due times, at most one batch. true: there is more. */
  releaseDue(nowNs: number): boolean {
    this.#batchCount = 0;
    let rootNs = this.#nextRootNs();
    while (this.#batchCount < BATCH && Math.min(rootNs, this.#nextCanaryNs) <= nowNs) {
      if (rootNs <= this.#nextCanaryNs) {
        this.#releaseRoot(nowNs);
        rootNs = this.#nextRootNs();
      } else {
        this.#releaseCanary(nowNs);
      }
    }
    if (this.#batchCount === 0) return false;
    this.#inlet.push(this.#batch, this.#batchCount);
    return this.#batchCount === BATCH;
  }

  #nextRootNs(): number {
    if (this.#nextRoot === this.#rootCount) return Number.POSITIVE_INFINITY;
    return this.#taskF64[this.#nextRoot * TASK_F64 + TASK_DUE] as number;
  }

  #canaryNs(canary: number): number {
    return canary < this.#canaryLimit ? canaryDueNs(this.#phases, canary) : Number.POSITIVE_INFINITY;
  }

  #releaseRoot(nowNs: number): void {
    const task = this.#nextRoot++;
    this.#recorder.submitted(task, nowNs);
    const follows = this.#taskU32[task * TASK_U32 + TASK_AFTER] !== NONE;
    if (follows && Atomics.sub(this.#gates, task, 1) > 1) return;
    this.#batch[this.#batchCount++] = task;
  }

  #releaseCanary(nowNs: number): void {
    const canary = this.#nextCanary++;
    this.#recorder.canarySubmitted(canary, this.#nextCanaryNs, nowNs);
    this.#batch[this.#batchCount++] = this.#firstCanaryId + canary;
    this.#nextCanaryNs = this.#canaryNs(this.#nextCanary);
  }

  /** Sleeps for `lengthNs` or less, and not at all where the rest is spun. Waits on the header's `tasksEnded`, so that whoever sets it can wake it. */
  #sleep(lengthNs: number): void {
    const sleepNs = Math.min(this.#maySpin ? lengthNs - SPIN_NS : lengthNs, SLEEP_LIMIT_NS);
    const headerI32 = this.#headerI32;
    if (sleepNs > 0)
      Atomics.wait(headerI32, HEADER.tasksEnded, Atomics.load(headerI32, HEADER.tasksEnded), sleepNs / 1e6);
  }
}
