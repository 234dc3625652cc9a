/**
 * What a thread of a case has seen so far, and what it will do next.
 *
 * A thread is a plain synchronous function over the real classes. Between two shared accesses it does nothing
 * that others could see, so its whole state follows from the responses to its accesses. To learn what it does
 * after one more response, it is run anew from its beginning, fed the responses so far, and broken off by a
 * throw at the first access that has none: its pending one. Histories are kept as a tree, so that each is run
 * once however many interleavings lead to it.
 */
import { AssertionError } from "node:assert";
import { EMPTY } from "../injector.ts";
import { type AccessKind, port } from "./code.ts";
import type { Block } from "./words.ts";

/** A thread of a case. */
export interface Thread {
  readonly name: string;
  /**
   * Makes the thread's own objects and answers its body. Accesses in here are made before all schedules, by one
   * thread after the other; those of the body are interleaved.
   */
  readonly start: () => Body;
}

/** Calls `take` with every id that it takes, in their order; EMPTY is none. */
export type Body = (take: (id: number) => void) => void;

/** An access but for its place; operands in the port's order, 0 where there are none. */
interface Operation {
  readonly kind: AccessKind;
  readonly first: number;
  readonly second: number;
}

/** An access that a thread is about to make. */
export interface Pending extends Operation {
  /** Which of the cells. */
  readonly cell: number;
}

/** One history of one thread. */
export interface History {
  /** Unique among those of its thread. */
  readonly number: number;
  readonly parent: History | null;
  /** The last response. */
  readonly response: number;
  /** Accesses so far. */
  readonly length: number;
  /** null: the thread has ended. */
  readonly pending: Pending | null;
  /** What it took so far. */
  readonly taken: readonly number[];
  /** The assertion that failed in the code, or null. */
  readonly failure: string | null;
  readonly nexts: Map<number, History>;
}

const BROKEN_OFF = Symbol("the run ends at its pending access");

/** The named words of all blocks, as cells 0, 1, 2 … of one array. */
export class Cells {
  readonly names: readonly string[];
  readonly #cellOf = new Map<Int32Array, Map<number, number>>();

  constructor(blocks: readonly Block[]) {
    const names: string[] = [];
    for (const { words, names: named } of blocks) {
      const cells = new Map<number, number>();
      for (const [at, name] of named) cells.set(at, names.push(name) - 1);
      this.#cellOf.set(words, cells);
    }
    this.names = names;
  }

  at(words: Int32Array, at: number): number {
    const cell = this.#cellOf.get(words)?.get(at);
    if (cell === undefined) throw new Error(`an access to word ${at} of a block, which has no name`);
    return cell;
  }

  /** A copy of the words of the blocks, filled up to a multiple of four with zeros. */
  collect(): Int32Array {
    const memory = new Int32Array(4 * Math.ceil(this.names.length / 4));
    for (const [words, cells] of this.#cellOf) {
      for (const [at, cell] of cells) memory[cell] = words[at] as number;
    }
    return memory;
  }

  /** Copies `memory` back into the blocks. */
  spread(memory: Int32Array): void {
    for (const [words, cells] of this.#cellOf) {
      for (const [at, cell] of cells) words[at] = memory[cell] as number;
    }
  }
}

/** All histories of one thread. */
export class Histories {
  readonly root: History;
  readonly #thread: Thread;
  readonly #cells: Cells;
  /** Responses to the accesses before all schedules. */
  readonly #prologue: number[] = [];
  #count = 0;

  /** Makes the thread's first accesses on the words of the blocks themselves. */
  constructor(thread: Thread, cells: Cells) {
    this.#thread = thread;
    this.#cells = cells;
    port.access = (kind, words, at, first = 0, second = 0) => {
      const response = perform(words, at, { kind, first, second });
      this.#prologue.push(response);
      return kind === "cas" ? response === 1 : response;
    };
    thread.start();
    this.root = this.#replay(null, 0);
  }

  /** The history that follows `history` when its pending access is answered with `response`. */
  after(history: History, response: number): History {
    let next = history.nexts.get(response);
    if (next === undefined) {
      next = this.#replay(history, response);
      history.nexts.set(response, next);
    }
    return next;
  }

  /** The function of the code under test that makes the pending access, such as `Deque.push`. */
  locate(history: History): string {
    let stack = "";
    this.#run(answersOf(history), () => {
      stack = new Error().stack ?? "";
    });
    const frames = stack.split("\n").slice(1);
    const inCode = frames.map(
      (frame) => /^\s*at (?:get )?((?!Module)[A-Z]\w*\.[#\w]+) \(data:/.exec(frame)?.[1],
    );
    return inCode.find((name) => name !== undefined) ?? "the case";
  }

  #replay(parent: History | null, response: number): History {
    const answers = parent === null ? [] : answersOf(parent);
    if (parent !== null) answers.push({ asked: parent.pending, response });
    let pending: Pending | null = null;
    const { taken, failure } = this.#run(answers, (access) => {
      pending = access;
    });
    const number = this.#count++;
    const length = answers.length;
    return { number, parent, response, length, pending, taken, failure, nexts: new Map() };
  }

  /** Runs the thread up to the access that follows `answers`, which is handed over. */
  #run(
    answers: readonly Answer[],
    onPending: (pending: Pending) => void,
  ): { readonly taken: readonly number[]; readonly failure: string | null } {
    const known = this.#prologue.length;
    let at = 0;
    port.access = (kind, words, offset, first = 0, second = 0) => {
      let response = this.#prologue[at];
      if (at >= known) {
        const answer = answers[at - known];
        const cell = this.#cells.at(words, offset);
        if (answer === undefined) {
          onPending({ kind, cell, first, second });
          throw BROKEN_OFF;
        }
        const isSame = answer.asked?.kind === kind && answer.asked.cell === cell;
        if (!isSame)
          throw new Error(`${this.#thread.name} does not do the same again with the same responses`);
        response = answer.response;
      }
      at++;
      return kind === "cas" ? response === 1 : (response ?? 0);
    };
    const taken: number[] = [];
    try {
      this.#thread.start()((id) => {
        if (id !== EMPTY) taken.push(id);
      });
    } catch (thrown) {
      if (thrown instanceof AssertionError) return { taken, failure: thrown.message };
      if (thrown !== BROKEN_OFF) throw thrown;
    }
    return { taken, failure: null };
  }
}

/** An access that was made, and what it was answered. */
interface Answer {
  readonly asked: Pending | null;
  readonly response: number;
}

function answersOf(history: History): Answer[] {
  const answers: Answer[] = [];
  for (let step = history; step.parent !== null; step = step.parent) {
    answers.push({ asked: step.parent.pending, response: step.response });
  }
  return answers.reverse();
}

/**
 * Makes an access on `words[at]` and answers the response. One that tells its caller nothing is answered with 0,
 * so that histories differ only where the code could. The answer to `cas` is 1 or 0.
 */
export function perform(words: Int32Array, at: number, { kind, first, second }: Operation): number {
  const before = words[at] as number;
  switch (kind) {
    case "read":
    case "load":
      return before;
    case "write":
    case "store":
      words[at] = first;
      return 0;
    case "exchange":
      words[at] = first;
      return before;
    case "add":
      words[at] = before + first;
      return 0;
    case "sub":
      words[at] = before - first;
      return 0;
    case "cas":
      if (before !== first) return 0;
      words[at] = second;
      return 1;
    case "wait":
    case "notify":
      throw new Error(`${kind} is the schedule's to perform`);
  }
}
