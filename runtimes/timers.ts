/**
 * The timers of one worker: a binary heap on typed arrays, so that a sleeping task costs no object.
 * Timers due at the same instant fire in the order they were set.
 */

export class Timers {
  /** When the first timer is due; Infinity: there is none. */
  firstNs: number = Number.POSITIVE_INFINITY;

  #count = 0;
  /** Timers set so far: the tie-break. */
  #setCount = 0;
  #dueNs = new Float64Array(64);
  #order = new Float64Array(64);
  #what = new Int32Array(64);

  /** Sets a timer that stands for `what`. */
  set(dueNs: number, what: number): void {
    if (this.#count === this.#what.length) this.#grow();
    let at = this.#count++;
    const order = this.#setCount++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(dueNs, order, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#place(at, dueNs, order, what);
    this.firstNs = this.#dueNs[0] as number;
  }

  /** Takes the first timer and answers what it stands for. There must be one. */
  take(): number {
    const first = this.#what[0] as number;
    const last = --this.#count;
    const dueNs = this.#dueNs[last] as number;
    const order = this.#order[last] as number;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (
        child + 1 < last &&
        this.#isBefore(this.#dueNs[child + 1] as number, this.#order[child + 1] as number, child)
      )
        child++;
      if (this.#isBefore(dueNs, order, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#place(at, dueNs, order, this.#what[last] as number);
    this.firstNs = last === 0 ? Number.POSITIVE_INFINITY : (this.#dueNs[0] as number);
    return first;
  }

  #isBefore(dueNs: number, order: number, other: number): boolean {
    const otherNs = this.#dueNs[other] as number;
    return dueNs < otherNs || (dueNs === otherNs && order < (this.#order[other] as number));
  }

  #move(from: number, to: number): void {
    this.#dueNs[to] = this.#dueNs[from] as number;
    this.#order[to] = this.#order[from] as number;
    this.#what[to] = this.#what[from] as number;
  }

  #place(at: number, dueNs: number, order: number, what: number): void {
    this.#dueNs[at] = dueNs;
    this.#order[at] = order;
    this.#what[at] = what;
  }

  #grow(): void {
    const { length } = this.#what;
    const dueNs = new Float64Array(2 * length);
    const order = new Float64Array(2 * length);
    const what = new Int32Array(2 * length);
    dueNs.set(this.#dueNs);
    order.set(this.#order);
    what.set(this.#what);
    this.#dueNs = dueNs;
    this.#order = order;
    this.#what = what;
  }
}
