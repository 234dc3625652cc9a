/**
 * Seeded randomness: the same seed gives the same trace on every machine.
 *
 * Streams are split by name, so that adding a class to a workload does not move the numbers of another.
 */
import { fold } from "./kernel.ts";

export interface Random {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** Uniform 32-bit word. */
  word(): number;
}

/** A stream of its own for (`seed`, `name`). The generator is sfc32 (Doty-Humphrey, PractRand). */
export function randomStream(seed: number, name: string): Random {
  let hash = fold(fold(0x9e3779b9, seed >>> 0), Math.floor(seed / 2 ** 32) >>> 0);
  for (const character of name) hash = fold(hash, character.codePointAt(0) ?? 0);
  let a = hash;
  let b = fold(hash, 1);
  let c = fold(hash, 2);
  let counter = 1;
  const word = (): number => {
    const sum = (((a + b) >>> 0) + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum;
  };
  for (let round = 0; round < 12; round++) word();
  const next = (): number => (word() >>> 5) * 2 ** -27 + (word() >>> 6) * 2 ** -53;
  return { next, word };
}

/** Exponential with the given mean: the gap between Poisson arrivals. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log1p(-random.next());
}
