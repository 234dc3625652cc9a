/**
 * The timers of one worker: a binary heap on typed arrays, so that a sleeping task costs no object.
 * Timers due at the same instant fire in the order they were set.
 */

export class Timers {
  /** When the first timer fires; Infinity: there is none. */
  firstNs: number = Number.POSITIVE_INFINITY;
  /** When the timer that was taken last was due: at or before it fired. */
  takenNs: number = Number.NaN;

  readonly #granularityNs: number;
  #count = 0;
  /** Timers set so far: the tie-break. */
  #setCount = 0;
  /** When each fires: due, rounded up to the granularity. The heap's order. */
  #fireNs = new Float64Array(64);
  #order = new Float64Array(64);
  #dueNs = new Float64Array(64);
  #what = new Int32Array(64);

  /** Timers fire at multiples of `granularityNs`; 0: when they are due. */
  constructor(granularityNs = 0) {
    this.#granularityNs = granularityNs;
  }

  /** Sets a timer that stands for `what`. */
  set(dueNs: number, what: number): void {
    if (this.#count === this.#what.length) this.#grow();
    const granularityNs = this.#granularityNs;
    const fireNs = granularityNs > 0 ? Math.ceil(dueNs / granularityNs) * granularityNs : dueNs;
    let at = this.#count++;
    const order = this.#setCount++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(fireNs, order, parent)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#fireNs[at] = fireNs;
    this.#order[at] = order;
    this.#dueNs[at] = dueNs;
    this.#what[at] = what;
    this.firstNs = this.#fireNs[0] as number;
  }

  /** Takes the first timer and answers what it stands for. There must be one. */
  take(): number {
    const first = this.#what[0] as number;
    this.takenNs = this.#dueNs[0] as number;
    const last = --this.#count;
    const fireNs = this.#fireNs[last] as number;
    const order = this.#order[last] as number;
    let at = 0;
    for (;;) {
      const child = this.#firstChild(at, last);
      if (child >= last || this.#isBefore(fireNs, order, child)) break;
      this.#move(child, at);
      at = child;
    }
    this.#move(last, at);
    this.firstNs = last === 0 ? Number.POSITIVE_INFINITY : (this.#fireNs[0] as number);
    return first;
  }

  /** The child of `at` that fires first; at or beyond `end` where there is none. */
  #firstChild(at: number, end: number): number {
    const left = 2 * at + 1;
    const right = left + 1;
    if (right >= end) return left;
    return this.#isBefore(this.#fireNs[right] as number, this.#order[right] as number, left) ? right : left;
  }

  #isBefore(fireNs: number, order: number, other: number): boolean {
    const otherNs = this.#fireNs[other] as number;
    return fireNs < otherNs || (fireNs === otherNs && order < (this.#order[other] as number));
  }

  #move(from: number, to: number): void {
    this.#fireNs[to] = this.#fireNs[from] as number;
    this.#order[to] = this.#order[from] as number;
    this.#dueNs[to] = this.#dueNs[from] as number;
    this.#what[to] = this.#what[from] as number;
  }

  #grow(): void {
    const length = 2 * this.#what.length;
    const grown = (doubles: Float64Array): Float64Array<ArrayBuffer> => {
      const larger = new Float64Array(length);
      larger.set(doubles);
      return larger;
    };
    this.#fireNs = grown(this.#fireNs);
    this.#order = grown(this.#order);
    this.#dueNs = grown(this.#dueNs);
    const what = new Int32Array(length);
    what.set(this.#what);
    this.#what = what;
  }
}
