/**
 * The loop of one worker: takes ids from its core and polls them, fires its timers, serves its sockets.
 *
 * It waits in one of two ways: on its state word, which ends exactly with its next timer, or in Node's event
 * loop while replies are pending on its sockets. It returns to the event loop for nothing else.
 */
import { Clock } from "../clock.ts";
import { type EchoRequest, Interpreter, type Scheduler } from "../interpreter.ts";
import { recordsHeaderRow } from "../record.ts";
import { Recorder } from "../recorder.ts";
import type { Sockets } from "../sockets.ts";
import type { Loop, LoopSettings } from "../thread.ts";
import { Timers } from "../timers.ts";
import { Core } from "./core.ts";
import { IN_LOOP, ON_WORD } from "./idle.ts";
import { EMPTY } from "./injector.ts";
import { LookInterval } from "./look-interval.ts";
import { type Policy, policyOf } from "./policy.ts";

const STOP = recordsHeaderRow.index.stop;

export class StealingLoop implements Loop, Scheduler {
  readonly #policy: Policy;
  readonly #taskCount: number;
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #interpreter: Interpreter;
  readonly #core: Core;
  readonly #sockets: Sockets | null;
  readonly #untilIdle: boolean;
  /** Sleeping tasks by id, and tasks to be released by −1 − id. */
  readonly #timers: Timers;
  /** Waits in the event loop; every callback there must bring it back. */
  #isParkedInLoop = false;
  /** A turn is on its way by `setImmediate`. */
  #isTurnDue = false;
  #loopTimer: NodeJS.Timeout | undefined;
  readonly #lookInterval: LookInterval;
  /** Since when there has been nothing to poll; NaN while there is. */
  #idleSinceNs = Number.NaN;
  /** Ticks since the last look at the injector. */
  #ticks = 0;
  /** Ops that need not wait which this tick may still perform. */
  #budget: number;
  #leave: () => void = () => undefined;

  constructor(settings: LoopSettings) {
    const { worker, workerCount, trace, tasks, records, epochNs, queues, sockets } = settings;
    const policy = policyOf(settings.options);
    this.#policy = policy;
    this.#taskCount = trace.taskCount;
    this.#clock = new Clock(epochNs);
    this.#recorder = new Recorder(records, worker);
    this.#interpreter = new Interpreter(trace, tasks, this.#recorder, this.#clock, this);
    this.#core = new Core({
      worker,
      workerCount,
      queues,
      kind: policy.queues,
      hasLifoSlot: policy.hasLifoSlot,
      stop: { words: records.headerI32, at: STOP },
      tally: this.#recorder,
      ring: settings.ring,
    });
    this.#sockets = sockets;
    this.#untilIdle = settings.untilIdle;
    this.#timers = new Timers(policy.timerGranularityNs);
    this.#lookInterval = new LookInterval(policy.globalInterval);
    this.#budget = policy.budget;
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
    this.#core.ready(task);
  }

  readyBeside(task: number): void {
    this.#core.readyBeside(task);
  }

  readyLast(task: number): void {
    this.#core.readyLast(task);
  }

  proceeds(): boolean {
    if (this.#budget === 0) return false;
    this.#budget--;
    return true;
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
    const { eventInterval } = this.#policy;
    this.#isTurnDue = false;
    if (this.#isParkedInLoop) this.#unparkFromLoop();
    this.#beginPolling();
    for (let ticks = 0; !this.#core.isStopped; ) {
      if (this.#timers.firstNs <= this.#clock.nowNs) this.#fireTimers();
      let id = this.#core.follower(this.#budget > 0);
      if (id === EMPTY) {
        if (ticks++ >= eventInterval && this.#isReplyPending()) {
          this.#core.handOn();
          this.#turnSoon();
          return;
        }
        id = this.#beginTick();
      }
      if (id !== EMPTY) {
        this.#endIdle();
        this.#core.handOn();
        this.#poll(id);
        continue;
      }
      if (this.#isOver()) break;
      if (Number.isNaN(this.#idleSinceNs)) this.#idleSinceNs = this.#clock.nowNs;
      if (this.#parks()) return;
    }
    this.#endIdle();
    this.#leave();
  }

  #poll(id: number): void {
    if (id < this.#taskCount) this.#interpreter.poll(id);
    else this.#interpreter.runCanary(id - this.#taskCount);
  }

  /** The next id from a queue, or EMPTY after a search that found nothing. */
  #beginTick(): number {
    this.#budget = this.#policy.budget;
    const isLookDue = ++this.#ticks > this.#lookInterval.ticks;
    if (isLookDue) {
      // Polls that end in a yield read no clock.
      this.#clock.read();
      this.#lookInterval.look(this.#clock.nowNs, this.#ticks - 1);
      this.#ticks = 0;
    }
    const id = this.#core.next(isLookDue);
    if (id !== EMPTY && this.#core.tookFromOthers) this.#clock.read();
    return id;
  }

  /** Waits until there may be something to do. true: it waits in the event loop, and the caller must return to it. */
  #parks(): boolean {
    const isReplyPending = this.#isReplyPending();
    if (!this.#core.parks(isReplyPending ? IN_LOOP : ON_WORD)) {
      this.#beginPolling();
      return false;
    }
    this.#recorder.parked();
    const leftMs = this.#timerLeftMs();
    if (isReplyPending) {
      this.#isParkedInLoop = true;
      if (leftMs < Number.POSITIVE_INFINITY) {
        this.#loopTimer = setTimeout(() => this.resume(), Math.max(1, Math.ceil(leftMs)));
      }
      return true;
    }
    if (leftMs > 0) this.#core.wait(leftMs);
    this.#core.unpark();
    this.#beginPolling();
    return false;
  }

  /** The clock was read when the search that ends now began. */
  #endIdle(): void {
    if (Number.isNaN(this.#idleSinceNs)) return;
    this.#recorder.idle(this.#idleSinceNs, this.#clock.nowNs);
    this.#idleSinceNs = Number.NaN;
  }

  /** Until the first timer. A wait on Tokio's driver is in whole milliseconds, and so it is with its wheel. */
  #timerLeftMs(): number {
    const leftMs = (this.#timers.firstNs - this.#clock.now()) / 1e6;
    return this.#policy.timerGranularityNs > 0 ? Math.ceil(leftMs) : leftMs;
  }

  /** After a wait: what is polled from here on says how long polls are. */
  #beginPolling(): void {
    this.#clock.read();
    this.#lookInterval.begin(this.#clock.nowNs);
    this.#ticks = 0;
  }

  #unparkFromLoop(): void {
    this.#isParkedInLoop = false;
    clearTimeout(this.#loopTimer);
    this.#core.unpark();
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
    while (timers.firstNs <= this.#clock.nowNs) {
      const what = timers.take();
      if (what >= 0) interpreter.slept(what, timers.takenNs);
      else interpreter.release(-1 - what, timers.takenNs);
    }
  }

  /** Nothing is ready; a loop that nobody else feeds then ends with its last timer and reply. */
  #isOver(): boolean {
    return this.#untilIdle && this.#timers.firstNs === Number.POSITIVE_INFINITY && !this.#isReplyPending();
  }

  #isReplyPending(): boolean {
    return this.#sockets !== null && this.#sockets.pendingCount > 0;
  }
}
