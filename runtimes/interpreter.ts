/**
 * The one interpreter of ops for TypeScript runtimes: polls a task until it finishes or suspends.
 *
 * A runtime supplies scheduling only, as a `Scheduler`; stepping, holding, recording and the release of
 * successors and children happen here, the same for all. One interpreter a worker.
 *
 * Clock reads: one after each op that holds the worker and one at the end of a task that did not end in such
 * an op, or in a write to a socket. The last reading of a poll is the first of the next.
 */
import { burn } from "../workloads/trace/kernel.ts";
import { BLOCK, CPU, ECHO, FINISHED, JOIN, SLEEP, SPAWN, YIELD } from "../workloads/trace/op.ts";
import { Stepper } from "../workloads/trace/step.ts";
import {
  NONE,
  TASK_DUE,
  TASK_F64,
  TASK_PARENT,
  TASK_THINK,
  TASK_U32,
  type Trace,
} from "../workloads/trace/trace.ts";
import type { Clock } from "./clock.ts";
import type { Recorder } from "./recorder.ts";
import { JOIN_AWAITED, JOIN_ENDED, JOIN_RUNNING, type Tasks } from "./tasks.ts";

/** What a runtime gives the interpreter. Called by the worker that owns the interpreter, within `poll`. */
export interface Scheduler {
  /** `task` can be polled from now on; its rows are written. No poll of this worker goes on after this call. */
  ready(task: number): void;
  /** The same, while the poll that spawned it goes on: it may be long until this worker is free. */
  readyBeside(task: number): void;
  /** Ready again after all that is ready now. */
  readyLast(task: number): void;
  /** An op of the task that is polled need not wait. false: the tick has had its share of such ops, the task must yield. */
  proceeds(): boolean;
  /** At `atNs` call `interpreter.slept(task, atNs)` on some worker. */
  sleepUntil(task: number, atNs: number): void;
  /** At `atNs` call `interpreter.release(task, atNs)` (a think time) on some worker. */
  releaseAt(task: number, atNs: number): void;
  /** Send the request; when the reply is there call `interpreter.wake(task, sent by the peer, crc32 of the payload)`. */
  echo(task: number, request: EchoRequest): void;
}

/** Read at once; the interpreter reuses the object. */
export interface EchoRequest {
  seed: number;
  bytes: number;
  replyDelayNs: number;
}

export class Interpreter {
  // The columns themselves, not the objects that hold them: objects from another thread have another shape,
  // and code that was compiled during the warm-up would be thrown away.
  readonly #taskU32: Uint32Array;
  readonly #taskF64: Float64Array;
  readonly #results: Int32Array;
  readonly #readyNs: Float64Array;
  readonly #successors: Uint32Array;
  readonly #gates: Int32Array;
  readonly #joins: Int32Array;
  readonly #pendingJoins: Int32Array;
  readonly #recorder: Recorder;
  /** Its last reading is the start of the next poll, unless the worker waited in between. */
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #stepper: Stepper;
  readonly #echo: EchoRequest = { seed: 0, bytes: 0, replyDelayNs: 0 };
  /** Nobody else has it: a wait on it can only time out. */
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4));

  constructor(trace: Trace, tasks: Tasks, recorder: Recorder, clock: Clock, scheduler: Scheduler) {
    this.#taskU32 = trace.taskU32;
    this.#taskF64 = trace.taskF64;
    this.#results = tasks.results;
    this.#readyNs = tasks.readyNs;
    this.#successors = tasks.successors;
    this.#gates = tasks.gates;
    this.#joins = tasks.joins;
    this.#pendingJoins = tasks.pendingJoins;
    this.#recorder = recorder;
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#stepper = new Stepper(trace, tasks.states);
  }

  /** Runs `task` from where it stands until it finishes or suspends. The clock was read since the worker waited last. */
  poll(task: number): void {
    const stepper = this.#stepper;
    const recorder = this.#recorder;
    const clock = this.#clock;
    // No poll begins before its task was ready, nor does any hold in it.
    clock.nowNs = recorder.pollStarts(task, clock.nowNs, this.#readyNs[task] as number);
    let result = this.#results[task] as number;
    let isFresh = false;
    stepper.begin(task);
    for (;;) {
      const op = stepper.step(result);
      if (op === FINISHED) {
        if (!isFresh) clock.read();
        this.#finish(task);
        return;
      }
      result = 0;
      if (op === CPU) {
        const startNs = clock.nowNs;
        result = burn(stepper.seed, stepper.a);
        clock.read();
        isFresh = true;
        recorder.held(task, CPU, startNs, clock.nowNs);
        recorder.performed(CPU, 0);
      } else if (op === BLOCK) {
        this.#block(task, stepper.a);
        isFresh = true;
      } else if (op === SPAWN) {
        this.#spawn(stepper.target, stepper.count);
      } else {
        stepper.leave();
        if (op !== JOIN) {
          this.#suspend(task, op);
          return;
        }
        if (this.#suspendsInJoin(task, stepper.target, stepper.count)) return;
      }
    }
  }

  /** A suspended task can go on since `readyNs`, with the result of its op. Called once a suspension, on any worker. */
  wake(task: number, readyNs: number, result: number): void {
    this.#results[task] = result;
    this.#readyNs[task] = readyNs;
    this.#scheduler.ready(task);
  }

  /** One of the conditions `task` waits for has come true at `atNs`; the last one submits it. */
  release(task: number, atNs: number): void {
    const isDue = (this.#taskF64[task * TASK_F64 + TASK_DUE] as number) >= 0;
    if (isDue) {
      // The releaser has stamped or will stamp it; it counts as submitted from its due time on.
      if (Atomics.sub(this.#gates, task, 1) > 1) return;
    } else {
      this.#recorder.spawned(task, atNs);
    }
    this.#scheduler.ready(task);
  }

  /** The sleep of `task` that was to end at `dueNs` has ended by the clock's last reading: it can go on. */
  slept(task: number, dueNs: number): void {
    this.#recorder.performed(SLEEP, this.#clock.nowNs - dueNs);
    this.wake(task, dueNs, 0);
  }

  #block(task: number, lengthNs: number): void {
    const clock = this.#clock;
    const startNs = clock.nowNs;
    const endNs = startNs + lengthNs;
    while (clock.nowNs < endNs) {
      Atomics.wait(this.#sleeper, 0, 0, (endNs - clock.nowNs) / 1e6);
      clock.read();
    }
    this.#recorder.held(task, BLOCK, startNs, clock.nowNs);
    this.#recorder.performed(BLOCK, clock.nowNs - endNs);
  }

  #suspend(task: number, op: number): void {
    const stepper = this.#stepper;
    if (op === SLEEP) {
      this.#clock.read();
      this.#scheduler.sleepUntil(task, this.#clock.nowNs + stepper.a);
    } else if (op === YIELD) {
      this.#recorder.performed(YIELD, 0);
      this.#results[task] = 0;
      this.#readyNs[task] = this.#clock.nowNs;
      this.#scheduler.readyLast(task);
    } else if (op === ECHO) {
      this.#recorder.performed(ECHO, 0);
      this.#echo.seed = stepper.seed;
      this.#echo.bytes = stepper.a;
      this.#echo.replyDelayNs = stepper.b;
      this.#scheduler.echo(task, this.#echo);
      // The write may have taken longer than a poll; it is not the next task's time.
      this.#clock.read();
    }
  }

  #spawn(first: number, count: number): void {
    this.#recorder.performed(SPAWN, 0);
    for (let child = first; child < first + count; child++) {
      this.#recorder.spawned(child, this.#clock.nowNs);
      this.#scheduler.readyBeside(child);
    }
  }

  /**
   * Registers `task` with each child that still runs. false: all had ended, it goes on at once, unless its budget
   * is spent: then it yields, as it would at an op of Tokio's that need not wait.
   *
   * The parent's own count keeps `pendingJoins` above zero until it has asked every child, so only the last of
   * parent and children can see it reach zero, and that one makes the parent ready.
   */
  #suspendsInJoin(task: number, first: number, count: number): boolean {
    const joins = this.#joins;
    const pendingJoins = this.#pendingJoins;
    this.#recorder.performed(JOIN, 0);
    this.#results[task] = 0;
    this.#readyNs[task] = this.#clock.nowNs;
    Atomics.store(pendingJoins, task, 1);
    for (let child = first; child < first + count; child++) {
      Atomics.add(pendingJoins, task, 1);
      if (Atomics.compareExchange(joins, child, JOIN_RUNNING, JOIN_AWAITED) === JOIN_ENDED) {
        Atomics.sub(pendingJoins, task, 1);
      }
    }
    if (Atomics.sub(pendingJoins, task, 1) > 1) return true;
    if (this.#scheduler.proceeds()) return false;
    this.#recorder.yieldedByForce();
    this.#scheduler.readyLast(task);
    return true;
  }

  #finish(task: number): void {
    this.#recorder.finished(task, this.#clock.nowNs, this.#stepper.checksum);
    const row = task * TASK_U32;
    const parent = this.#taskU32[row + TASK_PARENT] as number;
    if (parent !== NONE) this.#leaveJoin(task, parent);
    const successor = this.#successors[task] as number;
    if (successor === NONE) return;
    const thinkNs = this.#taskF64[successor * TASK_F64 + TASK_THINK] as number;
    if (thinkNs > 0) this.#scheduler.releaseAt(successor, this.#clock.nowNs + thinkNs);
    else this.release(successor, this.#clock.nowNs);
  }

  #leaveJoin(child: number, parent: number): void {
    if (Atomics.exchange(this.#joins, child, JOIN_ENDED) !== JOIN_AWAITED) return;
    if (Atomics.sub(this.#pendingJoins, parent, 1) !== 1) return;
    this.#readyNs[parent] = this.#clock.nowNs;
    this.#scheduler.ready(parent);
  }
}
