/**
 * The queue into the runtime: the releaser pushes here, and workers whose own deque is full.
 *
 * Producers take turns under a lock; consumers never wait. Ids are taken as from a deque: read, copy, move
 * the head by compare-and-swap. The ring has room for every id of the trial and an id stands in it at most
 * once, so it cannot overflow, and a slot is written again only after the head has passed it.
 */
import { strict as assert } from "node:assert";
import { cas, exchange, load, notify, read, store, wait, write } from "./atomics.ts";

/** Answered where there is no id. */
export const EMPTY = -1;

/** Next to take. Moved by compare-and-swap by whoever takes. */
const HEAD = 0;
/** Next to fill. Written by the holder of LOCK, after the slots before it; pairs with the consumers' load. */
const TAIL = 16;
/** A mutex of the producers: free, held, or held with others waiting (Drepper, "Futexes Are Tricky", mutex 2). */
const LOCK = 32;
const SLOTS = 48;

const FREE = 0;
const HELD = 1;
const CONTENDED = 2;

/** Shared words that an injector for `idCount` different ids takes. */
export function injectorWords(idCount: number): number {
  return SLOTS + 2 ** Math.ceil(Math.log2(Math.max(2, idCount)));
}

/** One view of the injector; every thread has its own. */
export class Injector {
  readonly #words: Int32Array;
  readonly #mask: number;

  /** `words` are zero at first and `injectorWords(idCount)` long. */
  constructor(words: Int32Array) {
    const capacity = words.length - SLOTS;
    assert(capacity > 1 && (capacity & (capacity - 1)) === 0, `capacity ${capacity} is no power of two`);
    this.#words = words;
    this.#mask = capacity - 1;
  }

  /** Appends the first `count` of `ids`, in their order and side by side. */
  push(ids: Int32Array, count: number): void {
    const tail = this.#lock(count);
    for (let index = 0; index < count; index++) {
      write(this.#words, SLOTS + ((tail + index) & this.#mask), ids[index] as number);
    }
    this.#publish(tail + count);
  }

  /** Appends `id`. */
  pushOne(id: number): void {
    const tail = this.#lock(1);
    write(this.#words, SLOTS + (tail & this.#mask), id);
    this.#publish(tail + 1);
  }

  /** The oldest id, or EMPTY. */
  pop(): number {
    for (;;) {
      const head = this.head();
      if (this.tail() === head) return EMPTY;
      const id = this.at(head);
      if (this.claim(head, 1)) return id;
    }
  }

  head(): number {
    return load(this.#words, HEAD);
  }

  tail(): number {
    return load(this.#words, TAIL);
  }

  /** The id at `index`: void unless a `claim` with a head at or before it succeeds afterwards. */
  at(index: number): number {
    return read(this.#words, SLOTS + (index & this.#mask));
  }

  /** Takes `count` ids from `head` on. false: another took some of them first. */
  claim(head: number, count: number): boolean {
    return cas(this.#words, HEAD, head, head + count);
  }

  /** Takes the producers' turn, and answers the index of the first of `count` slots to fill. */
  #lock(count: number): number {
    const words = this.#words;
    if (!cas(words, LOCK, FREE, HELD)) {
      while (exchange(words, LOCK, CONTENDED) !== FREE)
        wait(words, LOCK, CONTENDED, Number.POSITIVE_INFINITY);
    }
    const tail = load(words, TAIL);
    assert(tail - load(words, HEAD) + count <= this.#mask + 1, "the injector holds an id twice");
    assert(tail + count < 2 ** 31 - 1, "the injector's index would wrap");
    return tail;
  }

  /** Shows what was filled, up to `tail`, and gives the turn back. */
  #publish(tail: number): void {
    const words = this.#words;
    store(words, TAIL, tail);
    if (exchange(words, LOCK, FREE) === CONTENDED) notify(words, LOCK);
  }
}
