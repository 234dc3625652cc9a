/**
 * The loop of a worker with timers of its own: takes ids from its scheduler and polls them, fires its timers,
 * serves its sockets.
 *
 * It waits in one of two ways: on its state word, which ends exactly with its next timer, or in Node's event
 * loop while replies are pending on its sockets. It returns to the event loop for nothing else.
 */
import { BaseLoop } from "./base-loop.ts";
import type { LoopSettings } from "./thread.ts";
import { Timers } from "./timers.ts";
import { IN_LOOP, ON_WORD } from "./work-stealing/idle.ts";
import { EMPTY } from "./work-stealing/injector.ts";

/** How a worker waits and is woken. */
export interface Parker {
  /** Announces that this worker is about to wait, ON_WORD or IN_LOOP. false: it must not. */
  parks(how: number): boolean;
  /** Waits until somebody wakes this worker, at most `limitMs`. After `parks(ON_WORD)`; then `unpark`. */
  wait(limitMs: number): void;
  /** This worker runs again. */
  unpark(): void;
}

export interface ParkingSettings extends LoopSettings {
  /** Ticks between two returns to the event loop while replies are pending. */
  readonly eventInterval: number;
  /** Timers end on multiples of this; 0: exactly. */
  readonly timerGranularityNs: number;
}

export abstract class ParkingLoop extends BaseLoop {
  protected abstract get parker(): Parker;
  readonly #eventInterval: number;
  readonly #timerGranularityNs: number;
  /** Sleeping tasks and timer canaries by id, and tasks to be released by −1 − id. */
  readonly #timers: Timers;
  #loopTimer: NodeJS.Timeout | undefined;

  constructor(settings: ParkingSettings) {
    super(settings);
    this.#eventInterval = settings.eventInterval;
    this.#timerGranularityNs = settings.timerGranularityNs;
    this.#timers = new Timers(settings.timerGranularityNs);
  }

  sleepUntil(task: number, atNs: number): void {
    this.#timers.set(atNs, task);
  }

  releaseAt(task: number, atNs: number): void {
    this.#timers.set(atNs, -1 - task);
  }

  /** What goes on with the tick that its polls have begun, or EMPTY: a new one begins. */
  protected abstract follower(): number;

  /** Begins a tick: the next id, with the clock read since it became ready, or EMPTY after a look that found nothing. */
  protected abstract beginTick(): number;

  /** Before a poll, and before a return to the event loop: others may take what waits here. */
  protected abstract handOn(): void;

  /** Reads the clock: this worker has waited, or may have. */
  protected abstract beginPolling(): void;

  protected turn(): "ended" | "goes on" {
    if (this.isParkedInLoop) this.#unparkFromLoop();
    this.beginPolling();
    for (let ticks = 0; !this.isStopped(); ) {
      if (this.#timers.firstNs <= this.clock.nowNs) this.#fireTimers();
      const sinceNs = this.clock.nowNs;
      let id = this.follower();
      if (id === EMPTY) {
        if (ticks++ >= this.#eventInterval && this.isReplyPending()) {
          this.handOn();
          this.turnSoon();
          return "goes on";
        }
        id = this.beginTick();
      }
      if (id !== EMPTY) {
        this.endIdle();
        this.handOn();
        this.poll(id);
        continue;
      }
      if (this.#isOver()) break;
      this.beginIdle(sinceNs);
      if (this.#parks()) return "goes on";
    }
    return "ended";
  }

  /** Waits until there may be something to do. true: it waits in the event loop, and the caller must return to it. */
  #parks(): boolean {
    const isReplyPending = this.isReplyPending();
    if (!this.parker.parks(isReplyPending ? IN_LOOP : ON_WORD)) {
      this.beginPolling();
      return false;
    }
    this.recorder.parked();
    const leftMs = this.#timerLeftMs();
    if (isReplyPending) {
      this.isParkedInLoop = true;
      if (leftMs < Number.POSITIVE_INFINITY) {
        this.#loopTimer = setTimeout(() => this.resume(), Math.max(1, Math.ceil(leftMs)));
      }
      return true;
    }
    if (leftMs > 0) this.parker.wait(leftMs);
    this.parker.unpark();
    this.beginPolling();
    return false;
  }

  /** Until the first timer. A wait on Tokio's driver is in whole milliseconds, and so it is with its wheel. */
  #timerLeftMs(): number {
    const leftMs = (this.#timers.firstNs - this.clock.now()) / 1e6;
    return this.#timerGranularityNs > 0 ? Math.ceil(leftMs) : leftMs;
  }

  #unparkFromLoop(): void {
    this.isParkedInLoop = false;
    clearTimeout(this.#loopTimer);
    this.parker.unpark();
  }

  #fireTimers(): void {
    const timers = this.#timers;
    while (timers.firstNs <= this.clock.nowNs) {
      const what = timers.take();
      if (what >= 0) this.timerFired(what, timers.takenNs);
      else this.interpreter.release(-1 - what, timers.takenNs);
    }
  }

  /** Nothing is ready; a loop that nobody else feeds then ends with its last timer and reply. */
  #isOver(): boolean {
    return this.untilIdle && this.#timers.firstNs === Number.POSITIVE_INFINITY && !this.isReplyPending();
  }
}
