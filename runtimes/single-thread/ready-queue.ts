/** A growing first-in-first-out queue of ids, each with a mark, on one typed array. */

export class ReadyQueue {
  length = 0;
  #head = 0;
  /** Pairs of id and mark; the number of pairs is a power of two. */
  #pairs = new Int32Array(2 * 1024);

  /** The mark of the oldest id. There must be one. */
  get firstMark(): number {
    return this.#pairs[2 * this.#head + 1] as number;
  }

  push(id: number, mark: number): void {
    if (2 * this.length === this.#pairs.length) this.#grow();
    const mask = this.#pairs.length / 2 - 1;
    const at = 2 * ((this.#head + this.length) & mask);
    this.#pairs[at] = id;
    this.#pairs[at + 1] = mark;
    this.length++;
  }

  /** Takes the oldest id. There must be one. */
  shift(): number {
    const id = this.#pairs[2 * this.#head] as number;
    this.#head = (this.#head + 1) & (this.#pairs.length / 2 - 1);
    this.length--;
    return id;
  }

  #grow(): void {
    const pairs = new Int32Array(2 * this.#pairs.length);
    pairs.set(this.#pairs.subarray(2 * this.#head));
    pairs.set(this.#pairs.subarray(0, 2 * this.#head), this.#pairs.length - 2 * this.#head);
    this.#pairs = pairs;
    this.#head = 0;
  }
}
