/**
 * Every access of the scheduler to shared words, as one thin port.
 *
 * All but `read` and `write` are sequentially consistent (ECMA-262, Memory Model): the proofs beside the queues
 * argue in one total order. Deque, injector, idle set and core touch shared words through here only, so that
 * the model checker in model/ can take over.
 */

/** Not atomic: for slots, whose order the atomics around them give. */
export function read(words: Int32Array, at: number): number {
  return words[at] as number;
}

/** Not atomic, as `read`. */
export function write(words: Int32Array, at: number, value: number): void {
  words[at] = value;
}

export function load(words: Int32Array, at: number): number {
  return Atomics.load(words, at);
}

export function store(words: Int32Array, at: number, value: number): void {
  Atomics.store(words, at, value);
}

export function add(words: Int32Array, at: number, value: number): void {
  Atomics.add(words, at, value);
}

export function sub(words: Int32Array, at: number, value: number): void {
  Atomics.sub(words, at, value);
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
