/** A first-in-first-out queue of numbers with a fixed capacity. */
import { strict as assert } from "node:assert";

export class Ring {
  readonly #slots: Int32Array;
  #head = 0;
  #length = 0;

  constructor(capacity: number) {
    this.#slots = new Int32Array(Math.max(1, capacity));
  }

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    assert(this.#length < this.#slots.length, `the ring is full at ${this.#slots.length}`);
    let tail = this.#head + this.#length;
    if (tail >= this.#slots.length) tail -= this.#slots.length;
    this.#slots[tail] = value;
    this.#length++;
  }

  shift(): number {
    assert(this.#length > 0, "the ring is empty");
    const value = this.#slots[this.#head] as number;
    this.#head = this.#head + 1 === this.#slots.length ? 0 : this.#head + 1;
    this.#length--;
    return value;
  }
}
