/**
 * A set of states with a small number each: open addressing over the states' full content, so that none is taken for
 * another. A JavaScript Map of strings does the same at a quarter of the speed.
 */

/** Slots of the index a state, at least. */
const SPARSENESS = 2;

export class StateTable {
  readonly #stateWords: number;
  #capacity = 4096;
  #count = 0;
  /** The content of state n from n * stateWords on. */
  #states: Int32Array;
  #numbers: Int8Array = new Int8Array(this.#capacity);
  /** 1 + a state's n, or 0; where a state's hash says, or in the next free slot. */
  #index: Int32Array = new Int32Array(SPARSENESS * this.#capacity);

  /** Every state has `stateWords` words. */
  constructor(stateWords: number) {
    this.#stateWords = stateWords;
    this.#states = new Int32Array(this.#capacity * stateWords);
  }

  get count(): number {
    return this.#count;
  }

  /** Raises the number of `state` to `number`, up to 127, or enters it. false: it already had that much. */
  raise(state: Int32Array, number: number): boolean {
    const slot = this.#slotOf(state);
    const known = (this.#index[slot] as number) - 1;
    if (known >= 0) {
      if ((this.#numbers[known] as number) >= number) return false;
      this.#numbers[known] = number;
      return true;
    }
    this.#states.set(state, this.#count * this.#stateWords);
    this.#numbers[this.#count] = number;
    this.#index[slot] = ++this.#count;
    if (this.#count === this.#capacity) this.#grow();
    return true;
  }

  /** Where `state` stands in the index, or would stand. */
  #slotOf(state: Int32Array): number {
    const mask = this.#index.length - 1;
    let hash = 0;
    for (let at = 0; at < state.length; at++) {
      // The mixing of MurmurHash3 (Appleby, 2011), without its tail.
      const mixed = Math.imul(state[at] as number, 0xcc9e2d51);
      hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
      hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
    }
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    let slot = (hash ^ (hash >>> 13)) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const known = (this.#index[slot] as number) - 1;
      if (known < 0 || this.#isAt(known, state)) return slot;
    }
  }

  #isAt(known: number, state: Int32Array): boolean {
    const from = known * this.#stateWords;
    for (let at = 0; at < state.length; at++) if (this.#states[from + at] !== state[at]) return false;
    return true;
  }

  #grow(): void {
    const stateWords = this.#stateWords;
    const old = this.#states;
    this.#capacity *= 4;
    this.#states = new Int32Array(this.#capacity * stateWords);
    this.#states.set(old);
    const numbers = this.#numbers;
    this.#numbers = new Int8Array(this.#capacity);
    this.#numbers.set(numbers);
    this.#index = new Int32Array(SPARSENESS * this.#capacity);
    for (let n = 0; n < this.#count; n++) {
      this.#index[this.#slotOf(old.subarray(n * stateWords, (n + 1) * stateWords))] = n + 1;
    }
  }
}
