/**
 * What threads of the stress share in a round, and how its tasks multiply.
 *
 * A round has fresh queues, new cores and TASKS_A_ROUND ids. Ids come in families of eight: the head is released
 * from outside, every other member is made ready by the poll of another, on each of the three ways there are.
 * Each id is counted when it is issued (released or made ready) and when it is seen (polled, or still there at
 * the end): both must be 1, or both 0 where the stop came first.
 */

import type { Core, CoreSettings, QueueMemory } from "./core.ts";
import { DEQUE_CAPACITY, dequeWords } from "./deque.ts";
import { idleWords } from "./idle.ts";
import { injectorWords } from "./injector.ts";

/** Ids of a round. Far below INDEX_LIMIT, however often they go through a queue. */
export const TASKS_A_ROUND: number = 1 << 17;

/** Members of a family by their place; the first is its head. */
export const FAMILY = 8;

type Way = "ready" | "readyBeside" | "readyLast";

/** Whom the poll of a member makes ready, and how. */
const children: readonly (readonly (readonly [number, Way])[])[] = [
  [
    [1, "readyBeside"],
    [2, "readyLast"],
    [3, "ready"],
  ],
  [[4, "ready"]],
  [[5, "readyBeside"]],
  [
    [6, "readyLast"],
    [7, "ready"],
  ],
  [],
  [],
  [],
  [],
];

/** How the cores of a round schedule: rounds take turns. */
export const policies: readonly Pick<CoreSettings, "kind" | "hasLifoSlot">[] = [
  { kind: "stealing", hasLifoSlot: true },
  { kind: "stealing", hasLifoSlot: false },
  { kind: "partitioned", hasLifoSlot: true },
  { kind: "global", hasLifoSlot: false },
];

/** Words of `control`, each on its cache line. */
export const ROUND = 0;
export const STOP = 16;
/** Workers that have left the round. */
export const LEFT_COUNT = 32;
/** Polls of a worker: at POLLS + 16 × worker. */
export const POLLS = 48;

/** ROUND reads this: there are no more rounds. */
export const NO_MORE = -1;

export interface StressMemory {
  readonly workerCount: number;
  readonly control: Int32Array;
  readonly idle: Int32Array;
  readonly injectors: readonly Int32Array[];
  readonly deques: readonly Int32Array[];
  /** By id. */
  readonly issued: Uint8Array;
  readonly seen: Uint8Array;
}

export function allocateStress(workerCount: number): StressMemory {
  const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));
  const each = (make: () => Int32Array): readonly Int32Array[] => Array.from({ length: workerCount }, make);
  return {
    workerCount,
    control: words(POLLS + 16 * workerCount),
    idle: words(idleWords(workerCount)),
    injectors: each(() => words(injectorWords(TASKS_A_ROUND))),
    deques: each(() => words(dequeWords(DEQUE_CAPACITY))),
    issued: new Uint8Array(new SharedArrayBuffer(TASKS_A_ROUND)),
    seen: new Uint8Array(new SharedArrayBuffer(TASKS_A_ROUND)),
  };
}

/** The queues as a round of that kind uses them. */
export function queuesOf(memory: StressMemory, kind: CoreSettings["kind"]): QueueMemory {
  const { idle, deques, injectors } = memory;
  return { idle, deques, injectors: kind === "partitioned" ? injectors : injectors.slice(0, 1) };
}

/** Polls `id`: counts it, and makes its children ready. */
export function pollMember(core: Core, memory: StressMemory, id: number): void {
  const { issued, seen } = memory;
  Atomics.add(seen, id, 1);
  const head = id - (id % FAMILY);
  for (const [member, way] of children[id % FAMILY] ?? []) {
    Atomics.add(issued, head + member, 1);
    core[way](head + member);
  }
}
