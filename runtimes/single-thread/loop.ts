/**
 * The Node event loop as a runtime: one thread, one first-in-first-out queue, Node's own timers and sockets.
 *
 * A turn polls what is ready, then libuv serves timers and sockets; with nothing ready it waits in libuv.
 * What was injected and what became ready here is read as one queue in the order of submission: each local
 * entry remembers how far the injector had come when it was pushed.
 */
import { Clock } from "../clock.ts";
import { type EchoRequest, Interpreter, type Scheduler } from "../interpreter.ts";
import { recordsHeaderRow } from "../record.ts";
import { Recorder } from "../recorder.ts";
import type { Sockets } from "../sockets.ts";
import type { Loop, LoopSettings } from "../thread.ts";
import { Idle, IN_LOOP } from "../work-stealing/idle.ts";
import { EMPTY, Injector } from "../work-stealing/injector.ts";
import { ReadyQueue } from "./ready-queue.ts";

/** Polls in a turn, after which libuv turns. As the event interval of the others. */
const TURN_POLLS = 61;

const STOP = recordsHeaderRow.index.stop;

export class EventLoop implements Loop, Scheduler {
  readonly #settings: LoopSettings;
  readonly #taskCount: number;
  readonly #headerI32: Int32Array;
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #interpreter: Interpreter;
  readonly #injector: Injector;
  readonly #idle: Idle;
  readonly #sockets: Sockets | null;
  readonly #queue = new ReadyQueue();
  readonly #turn: () => void = () => this.#takeTurn();
  /** Waits in libuv, announced to the releaser. */
  #isParked = false;
  #isTurnDue = false;
  /** Has had nothing to poll since `#idleSinceNs`, however often it has looked. */
  #isIdle = false;
  #idleSinceNs = 0;
  /** Timers not yet fired. */
  #timerCount = 0;
  #leave: () => void = () => undefined;

  constructor(settings: LoopSettings) {
    const { worker, trace, tasks, records, epochNs, queues, sockets } = settings;
    this.#settings = settings;
    this.#taskCount = trace.taskCount;
    this.#headerI32 = records.headerI32;
    this.#clock = new Clock(epochNs);
    this.#recorder = new Recorder(records, worker);
    this.#interpreter = new Interpreter(trace, tasks, this.#recorder, this.#clock, this);
    this.#injector = new Injector(queues.injectors[0] as Int32Array);
    this.#idle = new Idle(queues.idle);
    this.#sockets = sockets;
    if (sockets !== null) {
      sockets.onReply = (task, sentNs, result) => this.#interpreter.wake(task, sentNs - epochNs, result);
    }
  }

  run(): Promise<void> {
    const left = new Promise<void>((resolve) => {
      this.#leave = resolve;
    });
    this.#takeTurn();
    return left;
  }

  resume(): void {
    if (this.#isParked && !this.#isTurnDue) this.#takeTurn();
  }

  ready(task: number): void {
    this.#queue.push(task, this.#injector.tail());
    if (this.#isParked) this.#turnSoon();
  }

  readyBeside(task: number): void {
    this.ready(task);
  }

  readyLast(task: number): void {
    this.ready(task);
  }

  /** Node's event loop knows no budget. */
  proceeds(): boolean {
    return true;
  }

  sleepUntil(task: number, atNs: number): void {
    this.#timerCount++;
    this.#wakeAt(task, atNs);
  }

  releaseAt(task: number, atNs: number): void {
    this.#timerCount++;
    this.#releaseAt(task, atNs);
  }

  echo(task: number, request: EchoRequest): void {
    if (this.#sockets === null) throw new Error("an echo in a trace without connections");
    this.#sockets.send(task, request);
  }

  #takeTurn(): void {
    const interpreter = this.#interpreter;
    this.#isTurnDue = false;
    this.#unpark();
    this.#clock.read();
    for (let polls = 0; polls < TURN_POLLS; polls++) {
      if (Atomics.load(this.#headerI32, STOP) !== 0) {
        this.#endIdle();
        this.#leave();
        return;
      }
      const id = this.#next();
      if (id === EMPTY) {
        if (this.#isOver()) this.#leave();
        else this.#park();
        return;
      }
      if (polls === 0) this.#endIdle();
      if (id < this.#taskCount) {
        interpreter.poll(id);
      } else {
        interpreter.runCanary(id - this.#taskCount);
      }
    }
    this.#turnSoon();
  }

  /** The id that was submitted first, or EMPTY. */
  #next(): number {
    const injector = this.#injector;
    if (this.#queue.length === 0) return injector.pop();
    return injector.head() < this.#queue.firstMark ? injector.pop() : this.#queue.shift();
  }

  /** Waits in libuv, unless something came while it was being announced. */
  #park(): void {
    this.#isParked = true;
    if (!this.#isIdle) {
      this.#isIdle = true;
      this.#idleSinceNs = this.#clock.nowNs;
    }
    this.#idle.announce(0, IN_LOOP, false);
    const isWaiting = this.#injector.tail() > this.#injector.head();
    if (isWaiting || Atomics.load(this.#headerI32, STOP) !== 0) this.#turnSoon();
    else this.#recorder.parked();
  }

  #unpark(): void {
    if (!this.#isParked) return;
    this.#isParked = false;
    // Whoever wakes it counts it as a searcher; what it looks for it finds in this turn.
    if (this.#idle.retract(0)) this.#idle.endSearch();
  }

  /** Ends with the reading that the turn has made anyhow. */
  #endIdle(): void {
    if (!this.#isIdle) return;
    this.#isIdle = false;
    this.#recorder.idle(this.#idleSinceNs, this.#clock.nowNs);
  }

  #turnSoon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(this.#turn);
  }

  #wakeAt(task: number, dueNs: number): void {
    this.#clock.read();
    if (this.#clock.nowNs < dueNs) {
      this.#setTimer(() => this.#wakeAt(task, dueNs), dueNs);
      return;
    }
    this.#timerCount--;
    this.#interpreter.slept(task, dueNs);
  }

  #releaseAt(task: number, dueNs: number): void {
    this.#clock.read();
    if (this.#clock.nowNs < dueNs) {
      this.#setTimer(() => this.#releaseAt(task, dueNs), dueNs);
      return;
    }
    this.#timerCount--;
    this.#interpreter.release(task, dueNs);
  }

  /** Node's timers count whole milliseconds and may fire early: whoever sets one looks at the clock again. */
  #setTimer(fire: () => void, dueNs: number): void {
    setTimeout(fire, Math.ceil((dueNs - this.#clock.nowNs) / 1e6));
  }

  /** Nothing is ready; a loop that nobody else feeds then ends with its last timer and reply. */
  #isOver(): boolean {
    if (!this.#settings.untilIdle || this.#timerCount > 0) return false;
    return this.#sockets === null || this.#sockets.pendingCount === 0;
  }
}
