/**
 * The discrete-event simulation behind `ideal`.
 *
 * A ready task or canary stands in one FIFO queue until a worker is idle. A block keeps its worker and no core;
 * cpu keeps its worker and, first come first served, one of the cores. A suspended task keeps nothing.
 * At one instant the order is: ends of holds, sleeps, replies and think times in the order in which they were
 * set up; then roots by id; then the canary. So of a blocker and a canary due together the blocker is first.
 * After each of these the idle workers take what is ready, before the next one happens.
 */

import { strict as assert } from "node:assert";
import { burn } from "../../workloads/trace/kernel.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import { BLOCK, CPU, ECHO, FINISHED, JOIN, SLEEP, SPAWN, YIELD } from "../../workloads/trace/op.ts";
import { fillPayload, PAYLOAD_LIMIT_BYTES, payloadResult } from "../../workloads/trace/payload.ts";
import { Stepper } from "../../workloads/trace/step.ts";
import {
  canaryDueNs,
  NONE,
  TASK_DUE,
  TASK_F64,
  TASK_PARENT,
  TASK_THINK,
  TASK_U32,
  type Trace,
  timerDueNs,
} from "../../workloads/trace/trace.ts";
import { timersDueBy } from "../canary-counts.ts";
import { type Ids, idsOf } from "../ids.ts";
import { recordsHeaderRow, taskRecordRow, taskStates } from "../record.ts";
import { Recorder } from "../recorder.ts";
import type { Records } from "../records.ts";
import { allocateTasks, JOIN_AWAITED, JOIN_ENDED, JOIN_RUNNING, type Tasks } from "../tasks.ts";
import { Timers } from "../timers.ts";
import { Ring } from "./ring.ts";

export interface ModelSettings {
  readonly trace: Trace;
  /** Empty, with workerCount + 1 lanes; the last lane is the releaser's. */
  readonly records: Records;
  readonly workerCount: number;
  readonly coreCount: number;
  /** What one kernel unit takes. */
  readonly unitNs: number;
}

/** Executes the trace in virtual time, up to its cut-off, and fills and seals the records. */
export function simulate(settings: ModelSettings): void {
  new Model(settings).run();
}

/** Kinds of timed events: a worker's hold ends; a sleep or a reply ends; a think time ends. */
const HOLD_ENDS = 0;
const SLEEP_ENDS = 1;
const REPLY_COMES = 2;
const THINK_ENDS = 3;
/** An event is its kind times this, plus the id of a task or worker, which is below it. */
const SUBJECT_LIMIT = 2 ** 28;

class Model {
  readonly #settings: ModelSettings;
  readonly #tasks: Tasks;
  readonly #stepper: Stepper;
  readonly #recorders: readonly Recorder[];
  readonly #releaser: Recorder;
  readonly #events = new Timers();
  readonly #ids: Ids;
  /** What is ready, as ids of tasks and canaries. */
  readonly #ready: Ring;
  /** The idle workers, the one that takes the next task last; and by worker, since when. */
  readonly #idle: Int32Array;
  readonly #idleSinceNs: Float64Array;
  #idleCount = 0;
  /** As many of them, from the first, have found nothing to take. */
  #parkedCount = 0;
  /** Workers that hold a task in cpu and wait for a core. */
  readonly #awaitingCore: Ring;
  #idleCoreCount: number;
  /** By worker: the task it is held by, the op, since when, and for how long that op needs a core. */
  readonly #heldTask: Uint32Array;
  readonly #heldOp: Uint8Array;
  readonly #heldSinceNs: Float64Array;
  readonly #coreNs: Float64Array;
  readonly #payload = new Uint8Array(PAYLOAD_LIMIT_BYTES);
  #nowNs = 0;
  #endedCount = 0;

  constructor(settings: ModelSettings) {
    const { trace, records, workerCount, coreCount } = settings;
    assert(workerCount >= 1 && coreCount >= 1, `${workerCount} workers on ${coreCount} cores`);
    assert(records.shape.laneCount === workerCount + 1, "one lane a worker and one for the releaser");
    this.#settings = settings;
    this.#tasks = allocateTasks(trace);
    this.#stepper = new Stepper(trace, this.#tasks.states);
    this.#recorders = Array.from({ length: workerCount }, (_, lane) => new Recorder(records, lane));
    this.#releaser = new Recorder(records, workerCount);
    this.#ids = idsOf(records.shape);
    this.#ready = new Ring(this.#ids.end);
    this.#idle = new Int32Array(workerCount);
    this.#idleSinceNs = new Float64Array(workerCount);
    this.#awaitingCore = new Ring(workerCount);
    this.#idleCoreCount = coreCount;
    this.#heldTask = new Uint32Array(workerCount);
    this.#heldOp = new Uint8Array(workerCount);
    this.#heldSinceNs = new Float64Array(workerCount);
    this.#coreNs = new Float64Array(workerCount);
    for (let worker = workerCount - 1; worker >= 0; worker--) this.#rest(worker);
    this.#park();
  }

  run(): void {
    const { trace } = this.#settings;
    const cutOffNs = trace.windowNs + trace.drainNs;
    let root = 0;
    let canary = 0;
    let timer = 0;
    for (;;) {
      const rootNs = root < trace.rootCount ? this.#dueNs(root) : Number.POSITIVE_INFINITY;
      const canaryNs = this.#canaryNs(canary);
      const eventNs = this.#events.firstNs;
      const timerNs = this.#timerNs(timer);
      const nextNs = Math.min(eventNs, rootNs, canaryNs, timerNs);
      if (!(nextNs <= cutOffNs)) break;
      if (this.#isOver(nextNs)) break;
      this.#nowNs = nextNs;
      if (eventNs === nextNs) this.#happen();
      else if (rootNs === nextNs) this.#releaseRoot(root++);
      else if (canaryNs === nextNs) this.#releaseCanary(canary++);
      else this.#wakeTimer(timer++);
      this.#serve();
    }
    this.#seal(cutOffNs);
  }

  /** A counted load ends with its last task: a canary due after that is never released. */
  #isOver(nextNs: number): boolean {
    const { trace } = this.#settings;
    return trace.windowNs === 0 && this.#endedCount === trace.taskCount && nextNs > this.#nowNs;
  }

  #dueNs(task: number): number {
    return this.#settings.trace.taskF64[task * TASK_F64 + TASK_DUE] as number;
  }

  /** When canary `index` is due; Infinity where the trial has no more of them: the records have no row for it. */
  #canaryNs(index: number): number {
    const { trace, records } = this.#settings;
    return index < records.shape.canaryCapacity ? canaryDueNs(trace, index) : Number.POSITIVE_INFINITY;
  }

  /** The same for timer canaries. */
  #timerNs(index: number): number {
    const { trace, records } = this.#settings;
    return index < records.shape.timerCapacity ? timerDueNs(trace, index) : Number.POSITIVE_INFINITY;
  }

  #happen(): void {
    const event = this.#events.take();
    const subject = event % SUBJECT_LIMIT;
    const kind = (event - subject) / SUBJECT_LIMIT;
    if (kind === HOLD_ENDS) {
      this.#endHold(subject);
    } else if (kind === THINK_ENDS) {
      this.#release(subject);
    } else {
      // Timers are kept by the first worker.
      if (kind === SLEEP_ENDS) (this.#recorders[0] as Recorder).performed(SLEEP, 0);
      this.#wake(subject);
    }
  }

  #releaseRoot(task: number): void {
    this.#releaser.submitted(task, this.#nowNs);
    this.#open(task);
  }

  #releaseCanary(canary: number): void {
    this.#releaser.canarySubmitted(canary, this.#nowNs, this.#nowNs);
    this.#ready.push(this.#ids.canaries + canary);
  }

  /** A timer fires when it is due; what waits for it takes its turn in the queue. */
  #wakeTimer(timer: number): void {
    (this.#recorders[0] as Recorder).timerSet(timer, this.#nowNs);
    this.#ready.push(this.#ids.timers + timer);
  }

  #runCanary(recorder: Recorder, id: number): void {
    const { canaries, timers, locals } = this.#ids;
    if (id >= locals) {
      recorder.localRan(id - locals, this.#nowNs);
    } else if (id >= timers) {
      recorder.timerRan(id - timers, this.#nowNs);
    } else {
      recorder.canaryRan(id - canaries, this.#nowNs);
      this.#ready.push(locals + id - canaries);
    }
  }

  /** One of the conditions of a task with a due time has come true; the last one makes it ready. */
  #open(task: number): void {
    const left = (this.#tasks.gates[task] as number) - 1;
    this.#tasks.gates[task] = left;
    if (left === 0) this.#ready.push(task);
  }

  /** The predecessor of `task` has ended and its think time is over. */
  #release(task: number): void {
    if (this.#dueNs(task) >= 0) {
      this.#open(task);
      return;
    }
    (this.#recorders[0] as Recorder).spawned(task, this.#nowNs);
    this.#ready.push(task);
  }

  /** A suspended task can go on. */
  #wake(task: number): void {
    this.#tasks.readyNs[task] = this.#nowNs;
    this.#ready.push(task);
  }

  /** Idle workers take what is ready, in order. A canary does nothing and takes no time: its worker rests on. */
  #serve(): void {
    while (this.#idleCount > 0 && this.#ready.length > 0) {
      const next = this.#ready.shift();
      const worker = this.#idle[this.#idleCount - 1] as number;
      const recorder = this.#recorders[worker] as Recorder;
      if (next >= this.#ids.canaries) {
        this.#runCanary(recorder, next);
      } else {
        this.#idleCount--;
        this.#parkedCount = Math.min(this.#parkedCount, this.#idleCount);
        recorder.idle(this.#idleSinceNs[worker] as number, this.#nowNs);
        recorder.pollStarts(next, this.#nowNs, this.#tasks.readyNs[next] as number);
        this.#poll(worker, next);
      }
    }
    this.#park();
  }

  /** Runs `task` on `worker` until it holds the worker, suspends or finishes. */
  #poll(worker: number, task: number): void {
    const stepper = this.#stepper;
    const recorder = this.#recorders[worker] as Recorder;
    stepper.begin(task);
    for (;;) {
      const result = this.#tasks.results[task] as number;
      this.#tasks.results[task] = 0;
      const op = stepper.step(result);
      if (op === CPU || op === BLOCK) {
        stepper.leave();
        this.#startHold(worker, task, op);
        return;
      }
      if (op === SPAWN) {
        recorder.performed(SPAWN, 0);
        for (let child = stepper.target; child < stepper.target + stepper.count; child++) {
          recorder.spawned(child, this.#nowNs);
          this.#ready.push(child);
        }
      } else if (op !== JOIN || this.#suspendsInJoin(recorder, task)) {
        stepper.leave();
        if (op === FINISHED) this.#finish(recorder, task);
        else if (op !== JOIN) this.#suspend(recorder, task, op);
        this.#rest(worker);
        return;
      }
    }
  }

  /** `worker` polls nothing from here on, unless it is served at this instant. */
  #rest(worker: number): void {
    this.#idle[this.#idleCount++] = worker;
    this.#idleSinceNs[worker] = this.#nowNs;
  }

  /** Nothing is left to take for those who are idle. */
  #park(): void {
    for (; this.#parkedCount < this.#idleCount; this.#parkedCount++) {
      (this.#recorders[this.#idle[this.#parkedCount] as number] as Recorder).parked();
    }
  }

  #startHold(worker: number, task: number, op: number): void {
    const { a, seed } = this.#stepper;
    this.#heldTask[worker] = task;
    this.#heldOp[worker] = op;
    this.#heldSinceNs[worker] = this.#nowNs;
    if (op === BLOCK) {
      this.#events.set(this.#nowNs + a, HOLD_ENDS * SUBJECT_LIMIT + worker);
      return;
    }
    this.#tasks.results[task] = burn(seed, a);
    this.#coreNs[worker] = a * this.#settings.unitNs;
    this.#awaitingCore.push(worker);
    this.#giveCores();
  }

  #endHold(worker: number): void {
    const task = this.#heldTask[worker] as number;
    const op = this.#heldOp[worker] as number;
    const recorder = this.#recorders[worker] as Recorder;
    recorder.held(task, op, this.#heldSinceNs[worker] as number, this.#nowNs);
    recorder.performed(op, 0);
    if (op === CPU) {
      this.#idleCoreCount++;
      this.#giveCores();
    }
    this.#poll(worker, task);
  }

  #giveCores(): void {
    while (this.#idleCoreCount > 0 && this.#awaitingCore.length > 0) {
      const worker = this.#awaitingCore.shift();
      this.#idleCoreCount--;
      this.#events.set(this.#nowNs + (this.#coreNs[worker] as number), HOLD_ENDS * SUBJECT_LIMIT + worker);
    }
  }

  #suspend(recorder: Recorder, task: number, op: number): void {
    const { a, b, seed } = this.#stepper;
    if (op === SLEEP) {
      this.#events.set(this.#nowNs + a, SLEEP_ENDS * SUBJECT_LIMIT + task);
    } else if (op === YIELD) {
      recorder.performed(YIELD, 0);
      this.#wake(task);
    } else {
      assert(op === ECHO, `opcode ${op}`);
      recorder.performed(ECHO, 0);
      const sent = this.#payload.subarray(0, a);
      fillPayload(sent, seed);
      this.#tasks.results[task] = payloadResult(sent);
      this.#events.set(this.#nowNs + b, REPLY_COMES * SUBJECT_LIMIT + task);
    }
  }

  /** Registers `task` with each child that still runs. false: all had ended, it goes on at once. */
  #suspendsInJoin(recorder: Recorder, task: number): boolean {
    const { joins, pendingJoins } = this.#tasks;
    const { target, count } = this.#stepper;
    recorder.performed(JOIN, 0);
    let pending = 0;
    for (let child = target; child < target + count; child++) {
      if (joins[child] !== JOIN_RUNNING) continue;
      joins[child] = JOIN_AWAITED;
      pending++;
    }
    pendingJoins[task] = pending;
    return pending > 0;
  }

  #finish(recorder: Recorder, task: number): void {
    const { trace } = this.#settings;
    recorder.finished(task, this.#nowNs, this.#stepper.checksum);
    this.#endedCount++;
    const parent = trace.taskU32[task * TASK_U32 + TASK_PARENT] as number;
    if (parent !== NONE) this.#leaveJoin(task, parent);
    const successor = this.#tasks.successors[task] as number;
    if (successor === NONE) return;
    const thinkNs = trace.taskF64[successor * TASK_F64 + TASK_THINK] as number;
    if (thinkNs > 0) {
      this.#events.set(this.#nowNs + thinkNs, THINK_ENDS * SUBJECT_LIMIT + successor);
    } else if (this.#dueNs(successor) >= 0) {
      this.#open(successor);
    } else {
      recorder.spawned(successor, this.#nowNs);
      this.#ready.push(successor);
    }
  }

  #leaveJoin(child: number, parent: number): void {
    const { joins, pendingJoins } = this.#tasks;
    const isAwaited = joins[child] === JOIN_AWAITED;
    joins[child] = JOIN_ENDED;
    if (!isAwaited) return;
    const left = (pendingJoins[parent] as number) - 1;
    pendingJoins[parent] = left;
    if (left === 0) this.#wake(parent);
  }

  /** What a witness does beside a live runtime: marks what is left as unserved and says when it ended. */
  #seal(cutOffNs: number): void {
    const { trace, records } = this.#settings;
    const isCutOff = this.#endedCount < trace.taskCount;
    if (isCutOff) {
      const stride = strideIn(taskRecordRow, "u8");
      for (let task = 0; task < trace.taskCount; task++) {
        const state = task * stride + taskRecordRow.index.state;
        if (records.taskU8[state] !== taskStates.done) records.taskU8[state] = taskStates.unserved;
      }
    }
    const endNs = isCutOff ? cutOffNs : Math.max(trace.windowNs, this.#nowNs);
    for (const worker of this.#idle.subarray(0, this.#idleCount)) {
      (this.#recorders[worker] as Recorder).idle(this.#idleSinceNs[worker] as number, endNs);
    }
    const at = recordsHeaderRow.index;
    records.headerI32[at.tasksEnded] = isCutOff ? 0 : 1;
    records.headerI32[at.releaseEnded] = 1;
    records.headerI32[at.timerCount] = timersDueBy(trace, records, isCutOff ? cutOffNs : this.#nowNs);
    records.headerF64[at.endNs] = endNs;
  }
}
