/**
 * Every atomic operation of the scheduler, as one thin port on shared words.
 *
 * All are sequentially consistent (ECMA-262, Memory Model): the proofs beside the queues argue in one total
 * order. Deque, injector and idle set touch atomics through here only, so that a model checker can take over.
 */

export function load(words: Int32Array, at: number): number {
  return Atomics.load(words, at);
}

export function store(words: Int32Array, at: number, value: number): void {
  Atomics.store(words, at, value);
}

/** Answers the value before the addition. */
export function add(words: Int32Array, at: number, value: number): number {
  return Atomics.add(words, at, value);
}

/** Answers the value before the subtraction. */
export function sub(words: Int32Array, at: number, value: number): number {
  return Atomics.sub(words, at, value);
}

/** true: the word read `expected` and now reads `value`. */
export function cas(words: Int32Array, at: number, expected: number, value: number): boolean {
  return Atomics.compareExchange(words, at, expected, value) === expected;
}

/** Answers the value before the exchange. */
export function exchange(words: Int32Array, at: number, value: number): number {
  return Atomics.exchange(words, at, value);
}

/** Sleeps while the word reads `expected`, at most `limitMs`. May return early for no reason. */
export function wait(words: Int32Array, at: number, expected: number, limitMs: number): void {
  Atomics.wait(words, at, expected, limitMs);
}

/** Wakes one thread that waits on the word. */
export function notify(words: Int32Array, at: number): void {
  Atomics.notify(words, at, 1);
}
