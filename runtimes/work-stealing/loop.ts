/**
 * The scheduler of one worker: polls what is in its deque, then what was injected, then what others have.
 *
 * It waits in one of two ways: on its state word, which ends exactly with its next timer, or in Node's event
 * loop while replies are pending on its sockets. It returns to the event loop for nothing else.
 *
 * Before it polls, a worker that leaves work behind in its deque sees to it that somebody looks for it. So a
 * task that becomes ready at the end of a poll wakes nobody when this worker takes it next.
 */
import { type Clock, clockSince } from "../clock.ts";
import { type EchoRequest, Interpreter, type Scheduler } from "../interpreter.ts";
import { recordsHeaderRow } from "../record.ts";
import { Recorder } from "../recorder.ts";
import type { Sockets } from "../sockets.ts";
import type { Loop, LoopSettings } from "../thread.ts";
import { Timers } from "../timers.ts";
import { DEQUE_CAPACITY, Deque } from "./deque.ts";
import { Idle, IN_LOOP, NOBODY, ON_WORD } from "./idle.ts";
import { EMPTY, Injector } from "./injector.ts";
import { LookInterval } from "./look-interval.ts";

/** Polls between two looks at the event loop while replies are pending: Tokio's event interval. */
const EVENT_INTERVAL = 61;
/** The most that is taken from the injector at a time. */
const INJECTED_LIMIT = DEQUE_CAPACITY / 2;

const STOP = recordsHeaderRow.index.stop;

export class StealingLoop implements Loop, Scheduler {
  readonly #settings: LoopSettings;
  readonly #worker: number;
  readonly #taskCount: number;
  readonly #headerI32: Int32Array;
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #interpreter: Interpreter;
  readonly #injector: Injector;
  readonly #idle: Idle;
  readonly #deque: Deque;
  readonly #others: readonly Deque[];
  readonly #sockets: Sockets | null;
  /** Sleeping tasks by id, and tasks to be released by −1 − id. */
  readonly #timers = new Timers();
  #isSearching = false;
  /** Waits in the event loop; every callback there must bring it back. */
  #isParkedInLoop = false;
  /** A turn is on its way by `setImmediate`. */
  #isTurnDue = false;
  #loopTimer: NodeJS.Timeout | undefined;
  readonly #lookInterval = new LookInterval();
  /** Polls since the last look at the injector. */
  #tick = 0;
  #random: number;
  #leave: () => void = () => undefined;

  constructor(settings: LoopSettings) {
    const { worker, trace, tasks, records, epochNs, queues, sockets } = settings;
    this.#settings = settings;
    this.#worker = worker;
    this.#taskCount = trace.taskCount;
    this.#headerI32 = records.headerI32;
    this.#clock = clockSince(epochNs);
    this.#recorder = new Recorder(records, worker);
    this.#interpreter = new Interpreter(trace, tasks, this.#recorder, this.#clock, this);
    this.#injector = new Injector(queues.injector);
    this.#idle = new Idle(queues.idle);
    const deques = queues.deques.map((words) => new Deque(words));
    this.#deque = deques[worker] as Deque;
    this.#others = deques.filter((deque) => deque !== this.#deque);
    this.#sockets = sockets;
    this.#random = worker + 1;
    if (sockets !== null) {
      sockets.onReply = (task, sentNs, result) => {
        this.#interpreter.wake(task, sentNs - epochNs, result);
        if (this.#isParkedInLoop) this.#turnSoon();
      };
    }
  }

  run(): Promise<void> {
    const left = new Promise<void>((resolve) => {
      this.#leave = resolve;
    });
    this.#turn();
    return left;
  }

  resume(): void {
    if (this.#isParkedInLoop && !this.#isTurnDue) this.#turn();
  }

  ready(task: number): void {
    while (!this.#deque.push(task)) if (this.#deque.overflow(task, this.#injector)) return;
  }

  readyBeside(task: number): void {
    this.ready(task);
    this.#wakeOne();
  }

  readyLast(task: number): void {
    this.ready(task);
  }

  sleepUntil(task: number, atNs: number): void {
    this.#timers.set(atNs, task);
  }

  releaseAt(task: number, atNs: number): void {
    this.#timers.set(atNs, -1 - task);
  }

  echo(task: number, request: EchoRequest): void {
    if (this.#sockets === null) throw new Error("an echo in a trace without connections");
    this.#sockets.send(task, request);
  }

  /** Polls until there is a reason to return to the event loop: a pending reply, or the end. */
  #turn(): void {
    const interpreter = this.#interpreter;
    this.#isTurnDue = false;
    if (this.#isParkedInLoop) this.#unpark();
    this.#beginPolling();
    for (let polls = 0; ; ) {
      if (Atomics.load(this.#headerI32, STOP) !== 0) break;
      if (this.#timers.firstNs <= interpreter.nowNs) this.#fireTimers();
      if (polls >= EVENT_INTERVAL && this.#sockets !== null && this.#sockets.pendingCount > 0) {
        if (this.#deque.length > 0) this.#wakeOne();
        this.#turnSoon();
        return;
      }
      const id = this.#next();
      if (id !== EMPTY) {
        polls++;
        this.#poll(id);
        continue;
      }
      if (this.#isOver()) break;
      if (this.#parks()) return;
    }
    this.#leave();
  }

  #poll(id: number): void {
    const interpreter = this.#interpreter;
    if (this.#deque.length > 0) this.#wakeOne();
    if (id < this.#taskCount) {
      interpreter.poll(id);
    } else {
      interpreter.nowNs = this.#clock();
      interpreter.runCanary(id - this.#taskCount);
    }
  }

  /** The next id to poll, or EMPTY after a search that found nothing. */
  #next(): number {
    if (++this.#tick > this.#lookInterval.polls) {
      // Polls that end in a yield read no clock.
      this.#interpreter.nowNs = this.#clock();
      this.#lookInterval.look(this.#interpreter.nowNs, this.#tick - 1);
      this.#tick = 0;
      const injected = this.#injector.pop();
      if (injected !== EMPTY) return this.#found(injected);
    }
    const local = this.#deque.pop();
    if (local !== EMPTY) return this.#isSearching ? this.#found(local) : local;
    const id = this.#takeInjected();
    if (id !== EMPTY) return this.#found(id);
    return this.#steal();
  }

  /** Takes this worker's share of what was injected. */
  #takeInjected(): number {
    const waiting = this.#injector.tail() - this.#injector.head();
    if (waiting <= 0) return EMPTY;
    const share = Math.ceil(waiting / this.#settings.workerCount);
    return this.#deque.takeFrom(this.#injector, Math.min(share, INJECTED_LIMIT));
  }

  #steal(): number {
    const others = this.#others;
    if (others.length === 0) return EMPTY;
    if (!this.#isSearching && !this.#idle.trySearch()) return EMPTY;
    this.#isSearching = true;
    const first = this.#draw() % others.length;
    for (let index = 0; index < others.length; index++) {
      const id = this.#deque.stealFrom(others[(first + index) % others.length] as Deque);
      if (id === EMPTY) continue;
      this.#recorder.stole(1 + this.#deque.length);
      this.#interpreter.nowNs = this.#clock();
      return this.#found(id);
    }
    return EMPTY;
  }

  /** A search that found something ends, and hands on to another worker if there is more. */
  #found(id: number): number {
    if (this.#isSearching) {
      this.#isSearching = false;
      this.#idle.endSearch();
      if (this.#isWorkWaiting()) this.#wakeOne();
    }
    return id;
  }

  #isWorkWaiting(): boolean {
    if (this.#injector.tail() > this.#injector.head() || this.#deque.length > 0) return true;
    for (const deque of this.#others) if (deque.length > 0) return true;
    return false;
  }

  #wakeOne(): void {
    const worker = this.#idle.wakeOne();
    if (worker !== NOBODY) this.#settings.ring(worker);
  }

  /** Waits until there may be something to do. true: it waits in the event loop, and the caller must return to it. */
  #parks(): boolean {
    const isReplyPending = this.#sockets !== null && this.#sockets.pendingCount > 0;
    this.#idle.announce(this.#worker, isReplyPending ? IN_LOOP : ON_WORD, this.#isSearching);
    const isStopped = Atomics.load(this.#headerI32, STOP) !== 0;
    if (isStopped || (!this.#idle.isAnyoneSearching() && this.#isWorkWaiting())) {
      this.#isSearching = this.#idle.retract(this.#worker);
      return false;
    }
    this.#recorder.parked();
    const leftMs = (this.#timers.firstNs - this.#clock()) / 1e6;
    if (isReplyPending) {
      this.#isParkedInLoop = true;
      if (leftMs < Number.POSITIVE_INFINITY) {
        this.#loopTimer = setTimeout(() => this.resume(), Math.max(1, Math.ceil(leftMs)));
      }
      return true;
    }
    if (leftMs > 0) this.#idle.wait(this.#worker, leftMs);
    this.#isSearching = this.#idle.retract(this.#worker);
    this.#beginPolling();
    return false;
  }

  /** After a wait: what is polled from here on says how long polls are. */
  #beginPolling(): void {
    const nowNs = this.#clock();
    this.#interpreter.nowNs = nowNs;
    this.#lookInterval.begin(nowNs);
    this.#tick = 0;
  }

  #unpark(): void {
    this.#isParkedInLoop = false;
    clearTimeout(this.#loopTimer);
    this.#isSearching = this.#idle.retract(this.#worker);
  }

  /** Comes back from the event loop after what is pending there was served. */
  #turnSoon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => this.#turn());
  }

  #fireTimers(): void {
    const interpreter = this.#interpreter;
    const timers = this.#timers;
    while (timers.firstNs <= interpreter.nowNs) {
      const dueNs = timers.firstNs;
      const what = timers.take();
      if (what >= 0) {
        interpreter.slept(dueNs, interpreter.nowNs);
        interpreter.wake(what, dueNs, 0);
      } else {
        interpreter.release(-1 - what, dueNs);
      }
    }
  }

  /** Nothing is ready; a loop that nobody else feeds then ends with its last timer and reply. */
  #isOver(): boolean {
    if (!this.#settings.untilIdle || this.#timers.firstNs < Number.POSITIVE_INFINITY) return false;
    return this.#sockets === null || this.#sockets.pendingCount === 0;
  }

  /** Where to start looking for a victim (xorshift32; Marsaglia, "Xorshift RNGs", 2003). */
  #draw(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return x >>> 0;
  }
}
