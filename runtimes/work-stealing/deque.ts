/**
 * The queue of one worker: a bounded ring in shared memory, first in, first out, from whose head others steal.
 *
 * The owner pushes at the tail. Owner and thieves take at the head, all by the same protocol:
 * 1. read head and tail, 2. copy the ids, 3. move head by compare-and-swap; it failed: the copies are void.
 * A slot is written again only after head has passed it, and indices never wrap, so a head that still reads
 * what it read in step 1 proves that nobody took or overwrote what was copied in step 2.
 *
 * The shape is the local run queue of Tokio (runtime/scheduler/multi_thread/queue.rs) without its packed
 * second head: copying before claiming leaves no stretch in which claimed slots must be protected.
 */
import { strict as assert } from "node:assert";
import { cas, load, read, store, write } from "./atomics.ts";
import { EMPTY, type Injector } from "./injector.ts";

/** Next to take. Moved by compare-and-swap, by owner and thieves. Alone on its cache line. */
const HEAD = 0;
/** Next to fill. Written by the owner only, after the slots before it; pairs with the thieves' load of it. */
const TAIL = 16;
const SLOTS = 32;

/** What a worker's queue holds before it overflows, as in Tokio. */
export const DEQUE_CAPACITY = 256;

/** Indices count pushes and never wrap: one that came this far ends the trial instead. */
export const INDEX_LIMIT: number = 2 ** 31 - 1 - DEQUE_CAPACITY;

/** Shared words that a deque of `capacity` ids takes. */
export function dequeWords(capacity: number): number {
  return SLOTS + capacity;
}

/** One view of a deque; every thread has its own. Methods marked "owner" belong to one thread. */
export class Deque {
  readonly #words: Int32Array;
  readonly #mask: number;
  /** The owner's copy of TAIL. */
  #tail = 0;
  /** What overflows at a time, on its way: made once, so that no task costs memory. */
  readonly #batch: Int32Array;

  /** `words` are zero at first and `dequeWords(capacity)` long; the capacity is a power of two. */
  constructor(words: Int32Array) {
    const capacity = words.length - SLOTS;
    assert(capacity > 1 && (capacity & (capacity - 1)) === 0, `capacity ${capacity} is no power of two`);
    this.#words = words;
    this.#mask = capacity - 1;
    this.#batch = new Int32Array(capacity / 2 + 1);
  }

  /** Ids in it now; for all but the owner only an impression. */
  get length(): number {
    return load(this.#words, TAIL) - load(this.#words, HEAD);
  }

  /** Owner. false: there is no room. */
  push(id: number): boolean {
    const tail = this.#tail;
    if (tail - load(this.#words, HEAD) > this.#mask) return false;
    assert(tail < INDEX_LIMIT, "a deque's index would wrap");
    write(this.#words, SLOTS + (tail & this.#mask), id);
    this.#tail = tail + 1;
    store(this.#words, TAIL, tail + 1);
    return true;
  }

  /** Owner. The oldest id, or EMPTY. */
  pop(): number {
    const words = this.#words;
    for (;;) {
      const head = load(words, HEAD);
      if (head === this.#tail) return EMPTY;
      const id = read(words, SLOTS + (head & this.#mask));
      if (cas(words, HEAD, head, head + 1)) return id;
    }
  }

  /**
   * Owner. Moves the older half and then `id` to the injector, as one batch. false: thieves took something
   * meanwhile, so there may be room.
   */
  overflow(id: number, injector: Injector): boolean {
    const words = this.#words;
    const batch = this.#batch;
    const head = load(words, HEAD);
    const count = (this.#tail - head) >>> 1;
    for (let index = 0; index < count; index++) {
      batch[index] = read(words, SLOTS + ((head + index) & this.#mask));
    }
    if (!cas(words, HEAD, head, head + count)) return false;
    batch[count] = id;
    injector.push(batch, count + 1);
    return true;
  }

  /**
   * Owner of this empty deque. Moves half of the victim's ids, rounded up, here and answers the oldest of
   * them, which is not put here: a thief runs at least one of its loot, so that loot cannot wander about.
   * EMPTY: there was nothing, or another was faster.
   */
  stealFrom(victim: Deque): number {
    const words = victim.#words;
    const head = load(words, HEAD);
    const count = load(words, TAIL) - head;
    if (count <= 0) return EMPTY;
    const taken = Math.min(count - (count >>> 1), this.#mask + 1);
    for (let index = 1; index < taken; index++) {
      this.#fill(index - 1, read(words, SLOTS + ((head + index) & victim.#mask)));
    }
    const first = read(words, SLOTS + (head & victim.#mask));
    if (!cas(words, HEAD, head, head + taken)) return EMPTY;
    this.#publish(taken - 1);
    return first;
  }

  /** Owner of this empty deque. The same with at most `limit` ids of the injector. */
  takeFrom(injector: Injector, limit: number): number {
    const head = injector.head();
    const taken = Math.min(injector.tail() - head, limit, this.#mask + 1);
    if (taken <= 0) return EMPTY;
    for (let index = 1; index < taken; index++) this.#fill(index - 1, injector.at(head + index));
    const first = injector.at(head);
    if (!injector.claim(head, taken)) return EMPTY;
    this.#publish(taken - 1);
    return first;
  }

  /** Writes a free slot `offset` behind the tail; nobody sees it before `#publish`. */
  #fill(offset: number, id: number): void {
    write(this.#words, SLOTS + ((this.#tail + offset) & this.#mask), id);
  }

  #publish(count: number): void {
    if (count === 0) return;
    assert(this.#tail + count < INDEX_LIMIT, "a deque's index would wrap");
    this.#tail += count;
    store(this.#words, TAIL, this.#tail);
  }
}
