/**
 * The cases of deque and injector: small closed programs that reach every branch of the queues.
 *
 * Capacity 2 or 4 and up to three thieves. Ids are 1, 2, 3 …; every one that was put in must be taken exactly
 * once or be left in a queue, whoever takes must meet the ids of one producer in their order, and no thread may
 * be blocked for ever. Every schedule is visited, without a bound: about two million states.
 */
import { strict as assert } from "node:assert";
import { Deque } from "../deque.ts";
import { EMPTY, Injector } from "../injector.ts";
import type { Code } from "./code.ts";
import type { Case, End } from "./explore.ts";
import type { Body, Thread } from "./history.ts";
import { type Block, dequeBlock, injectorBlock } from "./words.ts";

export function queueCases(code: Code): readonly Case[] {
  return [
    popsAndSteals(code, { capacity: 2, thiefCount: 1 }),
    popsAndSteals(code, { capacity: 2, thiefCount: 2 }),
    popsAndSteals(code, { capacity: 2, thiefCount: 3 }),
    popsAndSteals(code, { capacity: 4, thiefCount: 2 }),
    overflows(code, { capacity: 2, thiefCount: 1 }),
    overflows(code, { capacity: 4, thiefCount: 1 }),
    overflows(code, { capacity: 2, thiefCount: 2 }),
    stealsLoot(code),
    takesInjected(code, 2),
    takesInjected(code, 3),
    producersTakeTurns(code, 2),
    producersTakeTurns(code, 3),
    consumersBesideProducers(code),
    roundTheRing(code),
    overflows(code, { capacity: 4, thiefCount: 2 }),
    popsAndSteals(code, { capacity: 4, thiefCount: 3 }),
  ];
}

interface Crowd {
  readonly capacity: number;
  readonly thiefCount: number;
}

/** An owner whose full deque goes round the ring while thieves steal from it. */
function popsAndSteals(code: Code, { capacity, thiefCount }: Crowd): Case {
  const own = dequeBlock("own", capacity);
  const loot = lootOf(thiefCount, capacity);
  const owner = (): Body => {
    const deque = filled(code, own, capacity);
    return (take) => {
      for (const id of [capacity + 1, capacity + 2]) {
        take(deque.pop());
        assert(deque.push(id), "no room after a pop");
      }
    };
  };
  return queueCase({
    name: `an owner of ${capacity}, ${thieves(thiefCount)}`,
    deques: [own, ...loot],
    threads: [{ name: "owner", start: owner }, ...thievesOf(code, own, loot)],
    groups: [upTo(capacity + 2)],
  });
}

/** An owner of a full deque pushes, and hands half of it on where there is no room. */
function overflows(code: Code, { capacity, thiefCount }: Crowd): Case {
  const own = dequeBlock("own", capacity);
  const loot = lootOf(thiefCount, capacity);
  const injector = injectorBlock("injector", capacity + 2);
  const owner = (): Body => {
    const deque = filled(code, own, capacity);
    const view = new code.Injector(injector.words);
    return (take) => {
      for (const id of [capacity + 1, capacity + 2]) {
        while (!deque.push(id)) if (deque.overflow(id, view)) break;
      }
      take(deque.pop());
    };
  };
  const consumer = (): Body => {
    const view = new code.Injector(injector.words);
    return (take) => take(view.pop());
  };
  return queueCase({
    name: `overflow of ${capacity}, ${thieves(thiefCount)}`,
    deques: [own, ...loot],
    injectors: [injector],
    threads: [
      { name: "owner", start: owner },
      ...thievesOf(code, own, loot),
      { name: "consumer", start: consumer },
    ],
    groups: [upTo(capacity + 2)],
  });
}

/** A thief whose loot is stolen while it takes it. */
function stealsLoot(code: Code): Case {
  const own = dequeBlock("own", 4);
  const [first, second] = [dequeBlock("loot1", 4), dequeBlock("loot2", 4)];
  const owner = (): Body => {
    const deque = filled(code, own, 4);
    return (take) => take(deque.pop());
  };
  const thief = (block: Block, victim: Block) => (): Body => {
    const deque = new code.Deque(block.words);
    const view = new code.Deque(victim.words);
    return (take) => {
      take(deque.stealFrom(view));
      take(deque.pop());
    };
  };
  return queueCase({
    name: "loot is stolen in its turn",
    deques: [own, first, second],
    threads: [
      { name: "owner", start: owner },
      { name: "thief1", start: thief(first, own) },
      { name: "thief2", start: thief(second, first) },
    ],
    groups: [upTo(4)],
  });
}

/** Workers that take their share from the injector, beside the producer. */
function takesInjected(code: Code, workerCount: number): Case {
  const own = lootOf(workerCount, 2);
  const injector = injectorBlock("injector", 4);
  const producer = (): Body => {
    const view = new code.Injector(injector.words);
    view.push(Int32Array.of(1, 2), 2);
    return () => view.push(Int32Array.of(3, 4), 2);
  };
  const worker = (block: Block) => (): Body => {
    const deque = new code.Deque(block.words);
    const view = new code.Injector(injector.words);
    return (take) => {
      take(deque.takeFrom(view, 2));
      take(deque.pop());
    };
  };
  return queueCase({
    name: `${workerCount} take what is injected`,
    deques: own,
    injectors: [injector],
    threads: [
      { name: "producer", start: producer },
      ...own.map((block, index) => ({ name: `worker${index + 1}`, start: worker(block) })),
    ],
    groups: [upTo(4)],
  });
}

/** Producers under one lock; what they leave must be whole batches, side by side. */
function producersTakeTurns(code: Code, producerCount: number): Case {
  const injector = injectorBlock("injector", 2 * producerCount);
  const groups = Array.from({ length: producerCount }, (_, index) => [2 * index + 1, 2 * index + 2]);
  const producer = (batch: readonly number[]) => (): Body => {
    const view = new code.Injector(injector.words);
    return () => view.push(Int32Array.from(batch), batch.length);
  };
  return queueCase({
    name: `${producerCount} producers`,
    injectors: [injector],
    threads: groups.map((batch, index) => ({ name: `producer${index + 1}`, start: producer(batch) })),
    groups,
  });
}

/** One producer of batches, one of single ids, round a ring of two; two consumers. */
function consumersBesideProducers(code: Code): Case {
  const injector = injectorBlock("injector", 4);
  const view = () => new code.Injector(injector.words);
  const consumer = (): Body => {
    const queue = view();
    return (take) => {
      take(queue.pop());
      take(queue.pop());
    };
  };
  const batches = (): Body => {
    const queue = view();
    return () => queue.push(Int32Array.of(1, 2), 2);
  };
  const singles = (): Body => {
    const queue = view();
    return () => queue.pushOne(3);
  };
  return queueCase({
    name: "two consumers beside two producers",
    injectors: [injector],
    threads: [
      { name: "consumer1", start: consumer },
      { name: "consumer2", start: consumer },
      { name: "batches", start: batches },
      { name: "singles", start: singles },
    ],
    groups: [[1, 2], [3]],
  });
}

/** One puts back what it took, as workers do with one queue for all, so that slots are filled again; one takes. */
function roundTheRing(code: Code): Case {
  const injector = injectorBlock("injector", 2);
  const first = (): Body => {
    const queue = new code.Injector(injector.words);
    queue.push(Int32Array.of(1, 2), 2);
    return () => {
      queue.pushOne(queue.pop());
      queue.pushOne(queue.pop());
    };
  };
  const second = (): Body => {
    const queue = new code.Injector(injector.words);
    return (take) => take(queue.pop());
  };
  return queueCase({
    name: "round the ring",
    injectors: [injector],
    threads: [
      { name: "first", start: first },
      { name: "second", start: second },
    ],
    groups: [[1], [2]],
  });
}

const thieves = (count: number): string => (count === 1 ? "1 thief" : `${count} thieves`);

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

const lootOf = (count: number, capacity: number): readonly Block[] =>
  upTo(count).map((thief) => dequeBlock(`loot${thief}`, capacity));

/** A deque that holds the ids 1 to `count`. */
function filled(code: Code, block: Block, count: number): Deque {
  const deque = new code.Deque(block.words);
  for (const id of upTo(count)) deque.push(id);
  return deque;
}

function thievesOf(code: Code, own: Block, loot: readonly Block[]): readonly Thread[] {
  const thief = (block: Block) => (): Body => {
    const deque = new code.Deque(block.words);
    const victim = new code.Deque(own.words);
    return (take) => take(deque.stealFrom(victim));
  };
  return loot.map((block, index) => ({ name: `thief${index + 1}`, start: thief(block) }));
}

const EVERY_SCHEDULE = { preemptions: Number.POSITIVE_INFINITY, earlyReturns: 0 };

interface QueueCase {
  readonly name: string;
  readonly deques?: readonly Block[];
  readonly injectors?: readonly Block[];
  readonly threads: readonly Thread[];
  /** Ids by producer, in the order in which they are put in. */
  readonly groups: readonly (readonly number[])[];
}

function queueCase({ name, deques = [], injectors = [], threads, groups }: QueueCase): Case {
  const judge = ({ taken, blocked }: End): string | null => {
    if (blocked.length > 0) return `${blocked.join(", ")} blocked for ever`;
    const left = idsLeft(deques, injectors);
    const ids = groups.flat();
    return lostOrRepeated(ids.length, [...taken, ...left].flat()) ?? outOfOrder(groups, [...taken, ...left]);
  };
  return { name, blocks: [...deques, ...injectors], threads, bounds: EVERY_SCHEDULE, judge };
}

/** What each queue of a case holds at its end, in order, taken out by the unchanged code. */
export function idsLeft(
  deques: readonly Block[],
  injectors: readonly Block[],
): readonly (readonly number[])[] {
  const leftInDeques = deques.map(({ words }) => {
    const victim = new Deque(words);
    const drain = new Deque(new Int32Array(words.length));
    const left: number[] = [];
    for (let id = drain.stealFrom(victim); id !== EMPTY; id = drain.stealFrom(victim)) {
      for (; id !== EMPTY; id = drain.pop()) left.push(id);
    }
    return left;
  });
  const leftInInjectors = injectors.map(({ words }) => {
    const injector = new Injector(words);
    const left: number[] = [];
    for (let id = injector.pop(); id !== EMPTY; id = injector.pop()) left.push(id);
    return left;
  });
  return [...leftInDeques, ...leftInInjectors];
}

/** What is wrong with how often the ids 1 to `idCount` turned up, or null. */
export function lostOrRepeated(idCount: number, seen: readonly number[]): string | null {
  const times = new Map<number, number>();
  for (const id of seen) times.set(id, (times.get(id) ?? 0) + 1);
  const faults = upTo(idCount)
    .filter((id) => times.get(id) !== 1)
    .map((id) => (times.has(id) ? `id ${id} is there ${times.get(id)} times` : `id ${id} is lost`));
  for (const id of times.keys()) if (id < 1 || id > idCount) faults.push(`${id} was never put in`);
  return faults.length === 0 ? null : faults.join(", ");
}

/** Takers, and queues at the end, must have the ids of a producer in their order. */
function outOfOrder(
  groups: readonly (readonly number[])[],
  takers: readonly (readonly number[])[],
): string | null {
  for (const group of groups) {
    for (const taken of takers) {
      const places = group.map((id) => taken.indexOf(id)).filter((place) => place >= 0);
      if (places.some((place, index) => place < (places[index - 1] ?? 0))) {
        return `out of order: ${taken.join(", ")}`;
      }
    }
  }
  return null;
}
