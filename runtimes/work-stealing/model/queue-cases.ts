/**
 * The cases of deque and injector: small closed programs that reach every branch of the queues.
 *
 * Capacity 2 or 4 and up to three thieves. Ids are 1, 2, 3 …; every one that was put in must be taken exactly
 * once or be left in a queue, in its order where the queue promises one, and no thread may be blocked.
 */
import { Deque } from "../deque.ts";
import { EMPTY, Injector } from "../injector.ts";
import type { Code } from "./code.ts";
import type { Case, End } from "./explore.ts";
import { type Block, dequeBlock } from "./words.ts";

/** What the queues of a case hold at its end, taken out by the unchanged code. */
export function idsLeft(deques: readonly Block[], injector: Block | null): readonly number[] {
  const left: number[] = [];
  for (const { words: victimWords } of deques) {
    const victim = new Deque(victimWords);
    const drain = new Deque(new Int32Array(victimWords.length));
    for (let id = drain.stealFrom(victim); id !== EMPTY; id = drain.stealFrom(victim)) {
      for (; id !== EMPTY; id = drain.pop()) left.push(id);
    }
  }
  if (injector !== null) {
    const view = new Injector(injector.words);
    for (let id = view.pop(); id !== EMPTY; id = view.pop()) left.push(id);
  }
  return left;
}

/** What is wrong with how often the ids 1 to `idCount` turned up, or null. */
export function lostOrRepeated(idCount: number, seen: readonly number[]): string | null {
  const times = new Map<number, number>();
  for (const id of seen) times.set(id, (times.get(id) ?? 0) + 1);
  const faults = Array.from({ length: idCount }, (_, index) => index + 1)
    .filter((id) => times.get(id) !== 1)
    .map((id) => (times.has(id) ? `id ${id} is there ${times.get(id)} times` : `id ${id} is lost`));
  for (const id of times.keys()) if (id < 1 || id > idCount) faults.push(`${id} was never put in`);
  return faults.length === 0 ? null : faults.join(", ");
}

interface QueueCase {
  readonly deques: readonly Block[];
  readonly injector: Block | null;
  readonly idCount: number;
}

function judgeQueues({ deques, injector, idCount }: QueueCase, { taken, blocked }: End): string | null {
  if (blocked.length > 0) return `${blocked.join(", ")} blocked for ever`;
  return lostOrRepeated(idCount, [...taken.flat(), ...idsLeft(deques, injector)]);
}

/** Ids of one producer, in the order in which one consumer met them, rise: first in, first out. */
function outOfOrder(taken: readonly (readonly number[])[]): string | null {
  const thief = taken.find((ids) => ids.some((id, index) => id < (ids[index - 1] ?? 0)));
  return thief === undefined ? null : `taken out of order: ${thief.join(", ")}`;
}

const notEmpty = (ids: readonly number[]): readonly number[] => ids.filter((id) => id !== EMPTY);

/** An owner that pushes and takes in turns, beside thieves that steal. */
function ownerAndThieves(
  { Deque }: Code,
  { capacity, thiefCount, pushedBefore, pushed, popped }: {
    readonly capacity: number;
    readonly thiefCount: number;
    /** By the owner, before all schedules. */
    readonly pushedBefore: number;
    /** By the owner, as long as there is room. */
    readonly pushed: number;
    readonly popped: number;
  },
): Case {
  const own = dequeBlock("own", capacity);
  const loot = Array.from({ length: thiefCount }, (_, thief) => dequeBlock(`loot${thief + 1}`, capacity));
  const idCount = pushedBefore + pushed;
  const deques = [own, ...loot];
  const owner = () => {
    const deque = new Deque(own.words);
    for (let id = 1; id <= pushedBefore; id++) deque.push(id);
    return () => {
      const taken: number[] = [];
      let id = pushedBefore;
      for (let turn = 0; turn < Math.max(pushed, popped); turn++) {
        if (turn < popped) taken.push(deque.pop());
        // Without room the id is the owner's own, which counts as taken.
        if (turn < pushed && !deque.push(++id)) taken.push(id);
      }
      return notEmpty(taken);
    };
  };
  const thief = (block: Block) => () => {
    const deque = new Deque(block.words);
    const victim = new Deque(own.words);
    return () => notEmpty([deque.stealFrom(victim)]);
  };
  return {
    name: `capacity ${capacity}, ${thiefCount} thieves, ${pushedBefore} + ${pushed} pushed, ${popped} popped`,
    blocks: deques,
    threads: [
      { name: "owner", start: owner },
      ...loot.map((block, index) => ({ name: `thief${index + 1}`, start: thief(block) })),
    ],
    judge: (end) => judgeQueues({ deques, injector: null, idCount }, end) ?? outOfOrder(end.taken.slice(1)),
  };
}

export function queueCases(code: Code): readonly Case[] {
  return [
    ownerAndThieves(code, { capacity: 2, thiefCount: 1, pushedBefore: 2, pushed: 2, popped: 2 }),
    ownerAndThieves(code, { capacity: 2, thiefCount: 2, pushedBefore: 2, pushed: 2, popped: 2 }),
    ownerAndThieves(code, { capacity: 2, thiefCount: 3, pushedBefore: 2, pushed: 2, popped: 2 }),
    ownerAndThieves(code, { capacity: 4, thiefCount: 2, pushedBefore: 4, pushed: 2, popped: 2 }),
    ownerAndThieves(code, { capacity: 4, thiefCount: 3, pushedBefore: 4, pushed: 2, popped: 2 }),
  ];
}
