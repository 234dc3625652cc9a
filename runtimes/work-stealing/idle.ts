/**
 * Who is parked, who is searching, and whom to wake: no wake-up is lost and none is made without need.
 *
 * A producer: 1. publishes its ids, 2. `wakeOne`: nothing to do while somebody searches or nobody is parked.
 * A worker that found nothing: 1. `announce` that it parks (which also ends its search), 2. while nobody
 * searches look at all queues once more, and if there is something `retract` and search, 3. wait, 4. `retract`.
 * A worker that found something while searching, wherever it was: 1. `endSearch`, 2. look at all queues: more
 * work: `wakeOne`; only then it polls.
 *
 * Why nothing is lost. Let an id be published and its producer do nothing. Either PARKED_COUNT was not above
 * zero: then every worker not yet announced looks again after it has announced itself, hence after the id was
 * published. Or somebody was searching: whoever ends the last search looks at all queues afterwards (a worker
 * in its step 2, a producer that found nobody to wake by trying again), hence after the id was published.
 * Nothing bounds how often a waker that found its sleeper gone tries again, or a worker that saw work and could
 * not search: alternating step for step the two can hold each other up, for as long as that lasts.
 * All this is held against every interleaving within bounds: model/explore.ts.
 *
 * The protocol follows Tokio's (runtime/scheduler/multi_thread/idle.rs), without its lock on the sleepers.
 */
import { add, cas, load, notify, store, sub, wait } from "./atomics.ts";

/** Workers that search, and wake-ups that are under way: the woken worker starts as a searcher. */
const SEARCHING = 0;
/**
 * At most the number of parked workers: announced first and counted then, uncounted first and moved then, so
 * that a waker who reads more than zero finds somebody. May be below zero for a moment.
 */
const PARKED_COUNT = 16;
/** One word a worker: its state. Written by the worker, except that a waker moves it from parked to WOKEN. */
const STATES = 32;

const RUNNING = 0;
/** Parked on its state word. */
export const ON_WORD = 1;
/** Parked in its event loop, where only a message reaches it. */
export const IN_LOOP = 2;
const WOKEN = 3;

/** Answered where no event loop needs a message. */
export const NOBODY = -1;

/** Shared words that the idle set of `workerCount` workers takes. */
export function idleWords(workerCount: number): number {
  return STATES + workerCount;
}

/** One view of the idle set; every thread has its own. It has no state beside the shared words. */
export class Idle {
  readonly #words: Int32Array;
  readonly #workerCount: number;

  /** `words` are zero at first and `idleWords(workerCount)` long. */
  constructor(words: Int32Array) {
    this.#words = words;
    this.#workerCount = words.length - STATES;
  }

  /** true: the caller now counts as a searcher. At most half of the workers search, and at least one may. */
  trySearch(): boolean {
    const words = this.#words;
    for (;;) {
      const searching = load(words, SEARCHING);
      if (2 * searching >= this.#workerCount) return false;
      if (cas(words, SEARCHING, searching, searching + 1)) return true;
    }
  }

  /** The caller found something and searches no longer. */
  endSearch(): void {
    sub(this.#words, SEARCHING, 1);
  }

  isAnyoneSearching(): boolean {
    return load(this.#words, SEARCHING) > 0;
  }

  /** `worker` is about to wait, ON_WORD or IN_LOOP, and can be woken from now on. */
  announce(worker: number, how: number, isSearching: boolean): void {
    store(this.#words, STATES + worker, how);
    add(this.#words, PARKED_COUNT, 1);
    if (isSearching) sub(this.#words, SEARCHING, 1);
  }

  /** Waits until someone wakes `worker`, at most `limitMs`. Only after it announced itself ON_WORD. */
  wait(worker: number, limitMs: number): void {
    wait(this.#words, STATES + worker, ON_WORD, limitMs);
  }

  /** `worker` runs again. true: somebody woke it, and it counts as a searcher; false: it woke by itself. */
  retract(worker: number): boolean {
    const words = this.#words;
    const state = load(words, STATES + worker);
    if (state !== WOKEN) {
      sub(words, PARKED_COUNT, 1);
      if (cas(words, STATES + worker, state, RUNNING)) return false;
      add(words, PARKED_COUNT, 1);
    }
    store(words, STATES + worker, RUNNING);
    return true;
  }

  /**
   * Called after publishing: wakes one parked worker if nobody searches. Answers the worker whose event loop
   * needs a message, or NOBODY.
   */
  wakeOne(): number {
    const words = this.#words;
    while (load(words, SEARCHING) === 0 && load(words, PARKED_COUNT) > 0) {
      if (!cas(words, SEARCHING, 0, 1)) return NOBODY;
      sub(words, PARKED_COUNT, 1);
      for (let worker = 0; worker < this.#workerCount; worker++) {
        const how = this.#wake(worker);
        if (how !== RUNNING) return how === IN_LOOP ? worker : NOBODY;
      }
      add(words, PARKED_COUNT, 1);
      sub(words, SEARCHING, 1);
    }
    return NOBODY;
  }

  /**
   * Wakes `worker` if it is parked, whoever searches; costs one load if it is not. Answers the worker whose event
   * loop needs a message, or NOBODY.
   */
  interrupt(worker: number): number {
    const words = this.#words;
    const state = load(words, STATES + worker);
    if (state !== ON_WORD && state !== IN_LOOP) return NOBODY;
    add(words, SEARCHING, 1);
    sub(words, PARKED_COUNT, 1);
    const how = this.#wake(worker);
    if (how !== RUNNING) return how === IN_LOOP ? worker : NOBODY;
    add(words, PARKED_COUNT, 1);
    sub(words, SEARCHING, 1);
    // Others may have taken this for a search and left an id to it.
    return this.wakeOne();
  }

  /** Moves `worker` from parked to WOKEN and answers how it was parked; RUNNING: it was not, or is no longer. */
  #wake(worker: number): number {
    const words = this.#words;
    const how = load(words, STATES + worker);
    if (how !== ON_WORD && how !== IN_LOOP) return RUNNING;
    if (!cas(words, STATES + worker, how, WOKEN)) return RUNNING;
    if (how === ON_WORD) notify(words, STATES + worker);
    return how;
  }
}

/** Wakes every worker, e.g. to see the stop; `ring` sends a message to the event loop of one. */
export function wakeAll(words: Int32Array, ring: (worker: number) => void): void {
  const idle = new Idle(words);
  for (let worker = 0; worker < words.length - STATES; worker++) {
    const waiting = idle.interrupt(worker);
    if (waiting !== NOBODY) ring(waiting);
  }
}
