/**
 * What happens later in virtual time: a binary heap of timed events on typed arrays.
 *
 * Events at the same instant come out in the order in which they went in, so a simulation has one outcome.
 */
import { strict as assert } from "node:assert";

export class EventHeap {
  #count = 0;
  #nextOrder = 0;
  #timeNs = new Float64Array(1024);
  /** Rises with every insertion: the tie-breaker. */
  #order = new Float64Array(1024);
  #kind = new Uint8Array(1024);
  #subject = new Uint32Array(1024);

  /** When the next event is due; Infinity: there is none. */
  get nextNs(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : (this.#timeNs[0] as number);
  }

  /** Kind of the next event. */
  get nextKind(): number {
    assert(this.#count > 0, "no event is left");
    return this.#kind[0] as number;
  }

  /** What the next event is about: the number that was given with it. */
  get nextSubject(): number {
    assert(this.#count > 0, "no event is left");
    return this.#subject[0] as number;
  }

  add(timeNs: number, kind: number, subject: number): void {
    if (this.#count === this.#timeNs.length) this.#grow();
    const order = this.#nextOrder++;
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((this.#timeNs[parent] as number) <= timeNs) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, timeNs, order);
    this.#kind[at] = kind;
    this.#subject[at] = subject;
  }

  removeNext(): void {
    assert(this.#count > 0, "no event is left");
    const last = --this.#count;
    const timeNs = this.#timeNs[last] as number;
    const order = this.#order[last] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (
        child + 1 < last &&
        this.#isBefore(child + 1, this.#timeNs[child] as number, this.#order[child] as number)
      )
        child++;
      if (!this.#isBefore(child, timeNs, order)) break;
      this.#move(child, at);
      at = child;
    }
    this.#kind[at] = this.#kind[last] as number;
    this.#subject[at] = this.#subject[last] as number;
    this.#put(at, timeNs, order);
  }

  #isBefore(at: number, timeNs: number, order: number): boolean {
    const atNs = this.#timeNs[at] as number;
    return atNs < timeNs || (atNs === timeNs && (this.#order[at] as number) < order);
  }

  #put(at: number, timeNs: number, order: number): void {
    this.#timeNs[at] = timeNs;
    this.#order[at] = order;
  }

  #move(from: number, to: number): void {
    this.#timeNs[to] = this.#timeNs[from] as number;
    this.#order[to] = this.#order[from] as number;
    this.#kind[to] = this.#kind[from] as number;
    this.#subject[to] = this.#subject[from] as number;
  }

  #grow(): void {
    const capacity = 2 * this.#timeNs.length;
    const grown = <Column extends Float64Array | Uint8Array | Uint32Array>(
      old: Column,
      larger: Column,
    ): Column => {
      larger.set(old);
      return larger;
    };
    this.#timeNs = grown(this.#timeNs, new Float64Array(capacity));
    this.#order = grown(this.#order, new Float64Array(capacity));
    this.#kind = grown(this.#kind, new Uint8Array(capacity));
    this.#subject = grown(this.#subject, new Uint32Array(capacity));
  }
}
