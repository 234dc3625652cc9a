/**
 * Every interleaving of a case's threads, within stated bounds, over the real code.
 *
 * A step is one access of one thread to one shared word: atomic, or a plain read or write of a slot. All threads
 * see all accesses in one total order (sequential consistency), which is what ECMA-262 promises for atomics, and
 * for the slots too as far as they matter: a copy of a slot is used only after a compare-and-swap proves that
 * the slot was not written since the load before it.
 *
 * A state is: every named word, every thread's history (history.ts), who is blocked, and what is left of the
 * bounds. States are remembered under their full content, not a hash of it, so none is taken for another; each
 * is entered once, or again with more preemptions left. Two states that differ only in histories that the code
 * has forgotten count as two. There is no other reduction.
 *
 * `wait` blocks its thread while the word reads what is expected. `notify` lets any one of those blocked go
 * (the language promises the longest waiting: the checker tries more). A wait may also return early, because
 * its limit passes or for no reason, as often as the bound says.
 *
 * Bounds: a preemption is a switch from a thread that could go on (Musuvathi and Qadeer, "Iterative Context
 * Bounding for Systematic Testing of Multithreaded Programs", 2007); switches from blocked or ended threads are
 * free. Without a bound on preemptions all schedules are visited. A schedule in which no thread can go on has
 * ended, and the case judges it; a thread that is blocked then was blocked for ever.
 *
 * What it does not show: anything beyond the cases and their bounds, and what a compiler might do to plain
 * accesses between atomics, which the language forbids. Two threads that hold each other up for ever need a
 * preemption each time, and are cut off by the bound.
 */
import { strict as assert } from "node:assert";
import { Cells, Histories, type History, type Pending, perform, type Thread } from "./history.ts";
import { StateTable } from "./state-table.ts";
import { linesOf, type Told, turnsOf } from "./telling.ts";
import type { Block } from "./words.ts";

/** A closed program over the real code, with what must hold whenever it has ended. */
export interface Case {
  readonly name: string;
  readonly blocks: readonly Block[];
  readonly threads: readonly Thread[];
  /** Within which its ends are known to be right. */
  readonly bounds: Bounds;
  /** What is wrong with an end, or null. The words of the blocks are those of the end; they may be changed. */
  readonly judge: (end: End) => string | null;
}

export interface End {
  /** What each thread took. */
  readonly taken: readonly (readonly number[])[];
  /** Names of the threads that are blocked for ever. */
  readonly blocked: readonly string[];
}

export interface Bounds {
  /** Infinity: every schedule. */
  readonly preemptions: number;
  /** How many waits return early in a schedule. */
  readonly earlyReturns: number;
}

export interface Exploration {
  readonly stateCount: number;
  /** Schedules' ends that were judged. */
  readonly endCount: number;
  readonly violation: Violation | null;
}

export interface Violation {
  readonly what: string;
  /** One line a step. */
  readonly lines: readonly string[];
  /** Who ran how many steps, such as "owner 3, thief 5, owner 1". */
  readonly turns: string;
}

/** More accesses than any thread of a case makes in a schedule, unless it goes round and round. */
const HISTORY_LIMIT = 400;
/** What a word of a case may read, so that a byte holds it. */
const VALUE_MIN = -16;
const VALUE_MAX = VALUE_MIN + 255;

/** The next step of a schedule. */
interface Choice {
  /** Makes its pending access, or returns early from it if it is blocked there. */
  readonly thread: number;
  /** Whom its notify lets go, or NOBODY. */
  readonly notified: number;
}

const NOBODY = -1;
const ONLY_NOBODY: readonly number[] = [NOBODY];

/** Visits every state within the case's bounds, up to the first violation. */
export function explore(explored: Case): Exploration {
  return new Explorer(explored).run();
}

class Explorer {
  readonly #case: Case;
  /** On preemptions. */
  readonly #isBounded: boolean;
  readonly #cells: Cells;
  readonly #histories: readonly Histories[];
  readonly #initial: Int32Array;
  readonly #memory: Int32Array;
  /** By thread. */
  readonly #at: History[];
  readonly #isBlocked: boolean[];
  /** Preemptions that were left when a state was entered, by state. */
  readonly #entered: StateTable;
  /** The present state, packed. */
  readonly #state: Int32Array;
  readonly #choices: Choice[] = [];
  #endCount = 0;
  #violation: Violation | null = null;

  constructor(explored: Case) {
    this.#case = explored;
    this.#isBounded = explored.bounds.preemptions < Number.POSITIVE_INFINITY;
    this.#cells = new Cells(explored.blocks);
    for (const { words } of explored.blocks) words.fill(0);
    this.#histories = explored.threads.map((thread) => new Histories(thread, this.#cells));
    this.#initial = this.#cells.collect();
    this.#memory = this.#initial.slice();
    this.#at = this.#histories.map(({ root }) => root);
    this.#isBlocked = explored.threads.map(() => false);
    this.#state = new Int32Array(this.#memory.length / 4 + explored.threads.length + 1);
    this.#entered = new StateTable(this.#state.length);
  }

  run(): Exploration {
    const { preemptions, earlyReturns } = this.#case.bounds;
    for (const [thread] of this.#at.entries()) this.#visit(thread, preemptions, earlyReturns);
    return { stateCount: this.#entered.count, endCount: this.#endCount, violation: this.#violation };
  }

  /** Tries all that may follow; `current` made the last step. */
  #visit(current: number, preemptionsLeft: number, earlyReturnsLeft: number): void {
    const preemptionsOf = this.#isBounded ? preemptionsLeft : 0;
    if (!this.#entered.raise(this.#pack(current, earlyReturnsLeft), preemptionsOf)) return;
    const threadCount = this.#at.length;
    const isRunning = this.#mayGoOn(current);
    let isEnd = true;
    for (let index = 0; index < threadCount && this.#violation === null; index++) {
      const thread = (current + index) % threadCount;
      const isEarly = this.#isBlocked[thread] === true;
      if (isEarly ? earlyReturnsLeft === 0 : !this.#mayGoOn(thread)) continue;
      isEnd &&= isEarly;
      const preemptions = isRunning && index > 0 ? preemptionsLeft - 1 : preemptionsLeft;
      if (preemptions >= 0) this.#try(thread, preemptions, isEarly ? earlyReturnsLeft - 1 : earlyReturnsLeft);
    }
    if (isEnd && this.#violation === null) this.#judge();
  }

  /** Lets `thread` make its next step in every way there is, goes on from there, and takes it back. */
  #try(thread: number, preemptionsLeft: number, earlyReturnsLeft: number): void {
    const history = this.#history(thread);
    const { cell } = this.#pending(thread);
    const before = this.#memory[cell] as number;
    const wasBlocked = this.#isBlocked[thread] === true;
    for (const notified of this.#notifiable(thread)) {
      const notifiedHistory = notified === NOBODY ? history : this.#history(notified);
      const choice = { thread, notified };
      this.#apply(choice);
      this.#choices.push(choice);
      const fault = this.#fault(thread, cell);
      if (fault === null) this.#visit(thread, preemptionsLeft, earlyReturnsLeft);
      else this.#violate(fault);
      this.#choices.pop();
      this.#memory[cell] = before;
      if (notified !== NOBODY) {
        this.#at[notified] = notifiedHistory;
        this.#isBlocked[notified] = true;
      }
      this.#at[thread] = history;
      this.#isBlocked[thread] = wasBlocked;
    }
  }

  #apply({ thread, notified }: Choice): void {
    const pending = this.#pending(thread);
    const { kind, cell, first } = pending;
    if (this.#isBlocked[thread]) {
      this.#isBlocked[thread] = false;
      this.#answer(thread, 0);
    } else if (kind === "wait") {
      if (this.#memory[cell] === first) this.#isBlocked[thread] = true;
      else this.#answer(thread, 0);
    } else if (kind === "notify") {
      if (notified !== NOBODY) {
        this.#isBlocked[notified] = false;
        this.#answer(notified, 0);
      }
      this.#answer(thread, 0);
    } else {
      this.#answer(thread, perform(this.#memory, cell, pending));
    }
  }

  #answer(thread: number, response: number): void {
    this.#at[thread] = this.#historiesOf(thread).after(this.#history(thread), response);
  }

  /** Whom the next step of `thread` may let go: NOBODY alone unless it is a notify with somebody waiting. */
  #notifiable(thread: number): readonly number[] {
    const { kind, cell } = this.#pending(thread);
    if (kind !== "notify") return ONLY_NOBODY;
    const waiting = [...this.#at.keys()].filter(
      (other) => this.#isBlocked[other] && this.#pending(other).cell === cell,
    );
    return waiting.length === 0 ? ONLY_NOBODY : waiting;
  }

  #mayGoOn(thread: number): boolean {
    return !this.#isBlocked[thread] && this.#history(thread).pending !== null;
  }

  /** What the last step of `thread` shows to be wrong whatever follows, or null. */
  #fault(thread: number, cell: number): string | null {
    const { failure, length } = this.#history(thread);
    if (failure !== null) return failure;
    const value = this.#memory[cell] as number;
    if (value < VALUE_MIN || value > VALUE_MAX) return `${this.#cells.names[cell]} reads ${value}`;
    return length > HISTORY_LIMIT ? `goes on and on: ${length} accesses` : null;
  }

  #judge(): void {
    this.#endCount++;
    this.#cells.spread(this.#memory);
    const { threads } = this.#case;
    const fault = this.#case.judge({
      taken: this.#at.map(({ taken }) => taken),
      blocked: threads.filter((_, thread) => this.#isBlocked[thread]).map(({ name }) => name),
    });
    if (fault !== null) this.#violate(fault);
  }

  /** Tells the schedule so far, by making its steps once more. */
  #violate(what: string): void {
    const { names } = this.#cells;
    const last = this.#memory.slice();
    this.#memory.set(this.#initial);
    const at = this.#at.splice(0, Number.POSITIVE_INFINITY, ...this.#histories.map(({ root }) => root));
    const isBlocked = this.#isBlocked.splice(0, Number.POSITIVE_INFINITY, ...at.map(() => false));
    const steps = this.#choices.map((choice): Told => {
      const { thread, notified } = choice;
      const history = this.#history(thread);
      const { kind, cell, first, second } = this.#pending(thread);
      const before = this.#memory[cell] as number;
      const wasBlocked = this.#isBlocked[thread] === true;
      this.#apply(choice);
      return {
        thread: this.#nameOf(thread),
        place: this.#historiesOf(thread).locate(history),
        kind,
        word: names[cell] ?? "",
        operands: [first, second],
        before,
        after: this.#memory[cell] as number,
        waiting: wasBlocked ? "returns early" : this.#isBlocked[thread] ? "blocked" : "goes on",
        notified: notified === NOBODY ? null : this.#nameOf(notified),
      };
    });
    this.#memory.set(last);
    this.#at.splice(0, Number.POSITIVE_INFINITY, ...at);
    this.#isBlocked.splice(0, Number.POSITIVE_INFINITY, ...isBlocked);
    this.#violation = { what, lines: linesOf(steps), turns: turnsOf(steps) };
  }

  /** The whole state: a byte a word, and a word a thread for its history and whether it is blocked. */
  #pack(current: number, earlyReturnsLeft: number): Int32Array {
    const state = this.#state;
    const memory = this.#memory;
    let at = 0;
    for (let cell = 0; cell < memory.length; cell += 4) {
      state[at++] =
        ((memory[cell] as number) - VALUE_MIN) |
        (((memory[cell + 1] as number) - VALUE_MIN) << 8) |
        (((memory[cell + 2] as number) - VALUE_MIN) << 16) |
        (((memory[cell + 3] as number) - VALUE_MIN) << 24);
    }
    for (let thread = 0; thread < this.#at.length; thread++) {
      state[at++] = (this.#history(thread).number << 1) | (this.#isBlocked[thread] ? 1 : 0);
    }
    // Without a bound it does not matter whose step was the last.
    state[at] = (earlyReturnsLeft << 8) | (this.#isBounded ? current : 0);
    return state;
  }

  #history(thread: number): History {
    const history = this.#at[thread];
    assert(history !== undefined, `no thread ${thread}`);
    return history;
  }

  #historiesOf(thread: number): Histories {
    const histories = this.#histories[thread];
    assert(histories !== undefined, `no thread ${thread}`);
    return histories;
  }

  #pending(thread: number): Pending {
    const { pending } = this.#history(thread);
    assert(pending !== null, `thread ${thread} has ended`);
    return pending;
  }

  #nameOf(thread: number): string {
    return this.#case.threads[thread]?.name ?? "";
  }
}
