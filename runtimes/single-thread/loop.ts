/**
 * The Node event loop as a runtime: one thread, one first-in-first-out queue, Node's own timers and sockets.
 *
 * A turn polls what is ready, then libuv serves timers and sockets; with nothing ready it waits in libuv.
 * What was injected and what became ready here is read as one queue in the order of submission: each local
 * entry remembers how far the injector had come when it was pushed.
 */

import { BaseLoop } from "../base-loop.ts";
import type { LoopSettings } from "../thread.ts";
import { Idle, IN_LOOP } from "../work-stealing/idle.ts";
import { EMPTY, Injector } from "../work-stealing/injector.ts";
import { watchEventLoop } from "./event-loop-delay.ts";
import { ReadyQueue } from "./ready-queue.ts";

/** Polls in a turn, after which libuv turns. As the event interval of the others. */
const TURN_POLLS = 61;

export class EventLoop extends BaseLoop {
  readonly #injector: Injector;
  readonly #idle: Idle;
  readonly #queue = new ReadyQueue();
  readonly #isTrial: boolean;
  /** Timers not yet fired. */
  #timerCount = 0;

  constructor(settings: LoopSettings) {
    super(settings);
    const { queues, isTrial } = settings;
    this.#isTrial = isTrial;
    this.#injector = new Injector(queues.injectors[0] as Int32Array);
    this.#idle = new Idle(queues.idle);
  }

  override async run(): Promise<void> {
    const record = this.#isTrial ? watchEventLoop(this.recorder) : null;
    await super.run();
    record?.();
  }

  ready(task: number): void {
    this.#queue.push(task, this.#injector.tail());
    if (this.isParkedInLoop) this.turnSoon();
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

  protected turn(): "ended" | "goes on" {
    this.#unpark();
    this.clock.read();
    for (let polls = 0; polls < TURN_POLLS; polls++) {
      if (this.isStopped()) return "ended";
      const id = this.#next();
      if (id === EMPTY) {
        if (this.#isOver()) return "ended";
        this.#park();
        return "goes on";
      }
      if (polls === 0) this.endIdle();
      this.poll(id);
    }
    this.turnSoon();
    return "goes on";
  }

  /** The id that was submitted first, or EMPTY. */
  #next(): number {
    const injector = this.#injector;
    if (this.#queue.length === 0) return injector.pop();
    return injector.head() < this.#queue.firstMark ? injector.pop() : this.#queue.shift();
  }

  /** Waits in libuv, unless something came while it was being announced. */
  #park(): void {
    this.isParkedInLoop = true;
    this.beginIdle(this.clock.nowNs);
    this.#idle.announce(0, IN_LOOP, false);
    const isWaiting = this.#injector.tail() > this.#injector.head();
    if (isWaiting || this.isStopped()) this.turnSoon();
    else this.recorder.parked();
  }

  #unpark(): void {
    if (!this.isParkedInLoop) return;
    this.isParkedInLoop = false;
    // Whoever wakes it counts it as a searcher; what it looks for it finds in this turn.
    if (this.#idle.retract(0)) this.#idle.endSearch();
  }

  #wakeAt(task: number, dueNs: number): void {
    this.clock.read();
    if (this.clock.nowNs < dueNs) {
      this.#setTimer(() => this.#wakeAt(task, dueNs), dueNs);
      return;
    }
    this.#timerCount--;
    this.timerFired(task, dueNs);
  }

  #releaseAt(task: number, dueNs: number): void {
    this.clock.read();
    if (this.clock.nowNs < dueNs) {
      this.#setTimer(() => this.#releaseAt(task, dueNs), dueNs);
      return;
    }
    this.#timerCount--;
    this.interpreter.release(task, dueNs);
  }

  /** Node's timers count whole milliseconds and may fire early: whoever sets one looks at the clock again. */
  #setTimer(fire: () => void, dueNs: number): void {
    setTimeout(fire, Math.ceil((dueNs - this.clock.nowNs) / 1e6));
  }

  /** Nothing is ready; a loop that nobody else feeds then ends with its last timer and reply. */
  #isOver(): boolean {
    return this.untilIdle && this.#timerCount === 0 && !this.isReplyPending();
  }
}
