/** The shared words of a case, by name: the checker keeps the named ones only, and an access to another one is an error. */
import { strict as assert } from "node:assert";
import { dequeWords } from "../deque.ts";
import { idleWords } from "../idle.ts";
import { injectorWords } from "../injector.ts";

/** A block of shared words and what its used ones are called. */
export interface Block {
  readonly words: Int32Array;
  /** By offset. */
  readonly names: ReadonlyMap<number, string>;
}

const wordsOf = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));

function ringBlock(words: Int32Array, name: string, fields: readonly string[]): Block {
  const slots = 16 * fields.length;
  const names = new Map(fields.map((field, index) => [16 * index, `${name}.${field}`]));
  for (let slot = 0; slot < words.length - slots; slot++) names.set(slots + slot, `${name}[${slot}]`);
  return { words, names };
}

export function dequeBlock(name: string, capacity: number): Block {
  return ringBlock(wordsOf(dequeWords(capacity)), name, ["head", "tail"]);
}

export function injectorBlock(name: string, idCount: number): Block {
  return ringBlock(wordsOf(injectorWords(idCount)), name, ["head", "tail", "lock"]);
}

export function idleBlock(workerCount: number): Block {
  const words = wordsOf(idleWords(workerCount));
  const { names } = ringBlock(words, "idle", ["searching", "parkedCount"]);
  return { words, names: new Map([...names].map(([at, name]) => [at, name.replace("[", ".state[")])) };
}

/** Words of the case itself, such as a flag. */
export function plainBlock(...names: readonly string[]): Block {
  assert(names.length > 0, "a block without words");
  return { words: wordsOf(names.length), names: new Map(names.map((name, at) => [at, name])) };
}
