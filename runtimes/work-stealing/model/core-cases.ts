/**
 * The cases of the core: workers that poll, search, park and leave as the loop has them do it, beside a releaser
 * and one who stops them.
 *
 * Without a stop, an end has every worker asleep; then every id must have been polled exactly once, or a worker
 * sleeps beside ready work. With a stop, an end must have nobody asleep, and ids that were not polled must still
 * be there. A poll may block its worker for ever: then the others must see to all that is not in its slot, so
 * that nothing ready waits for a long poll while somebody sleeps.
 *
 * Deques hold two ids here, and there are two or three workers. All schedules with up to three preemptions are
 * visited, in the smaller cases with up to five; about 16 million states. With four everywhere
 * (ISOLOAD_PREEMPTIONS=4) they were 73 million in a minute and a half on two cores, without a violation.
 */
import { strict as assert } from "node:assert";
import type { CoreSettings, QueueMemory } from "../core.ts";
import { IN_LOOP, idleWords, NOBODY, ON_WORD } from "../idle.ts";
import { EMPTY } from "../injector.ts";
import type { Code } from "./code.ts";
import type { Bounds, Case } from "./explore.ts";
import type { Thread } from "./history.ts";
import { idsLeft, lostOrRepeated } from "./queue-cases.ts";
import { dequeBlock, idleBlock, injectorBlock, plainBlock } from "./words.ts";

/** What the poll of an id does: makes another one ready, or blocks its worker for ever. */
type Deed = readonly ["readyBeside" | "ready" | "readyLast", number] | readonly ["blocks"];

interface WorkerStart {
  readonly parks: "on its word" | "in its loop";
  /** It has found nothing and sleeps when the schedules begin. */
  readonly isAsleep: boolean;
}

export interface CoreCase {
  readonly name: string;
  readonly kind: CoreSettings["kind"];
  readonly hasLifoSlot: boolean;
  readonly workers: readonly WorkerStart[];
  /** Batches of ids that the releaser pushes. */
  readonly releases: readonly (readonly number[])[];
  /** By the id that is polled. */
  readonly polls: Readonly<Record<number, readonly Deed[]>>;
  /** Ids are 1 to this one. */
  readonly idCount: number;
  /** Ids that may be in the slot of a blocked worker at the end, or whose event its worker never met. */
  readonly mayStay: readonly number[];
  readonly isStopped: boolean;
  /** Workers that somebody interrupts for a reason of its own. */
  readonly interrupted: readonly number[];
  /**
   * Ids that become ready by what worker 0 alone is told, one after the other at any time: replies that it meets
   * in its event loop, or timers that end its wait and that it looks for in every turn.
   */
  readonly events: readonly number[];
  /** Every tick looks at the injector first. */
  readonly looksOutsideFirst: boolean;
  readonly bounds: Bounds;
}

/** Of each deque. */
const CAPACITY = 2;

/** Where the flags stand. */
const STOP = 0;
const NEVER = 1;

const QUIET = { stole: () => undefined, overflowed: () => undefined, polledFromLifo: () => undefined };

export function coreCase(code: Code, described: CoreCase): Case {
  const { kind, idCount } = described;
  const workers = [...described.workers.keys()];
  const injectorNames = kind === "partitioned" ? workers.map((worker) => `injector${worker}`) : ["injector"];
  const injectors = injectorNames.map((name) => injectorBlock(name, idCount));
  const deques = workers.map((worker) => dequeBlock(`deque${worker}`, CAPACITY));
  const idle = idleBlock(workers.length);
  const flags = plainBlock("stop", "never");
  const bells = plainBlock(...workers.map((worker) => `bell${worker}`), "eventCount");
  const queues: QueueMemory = {
    injectors: injectors.map(({ words }) => words),
    idle: idle.words,
    deques: deques.map(({ words }) => words),
  };
  const shared: Shared = { code, described, queues, flags: flags.words, bells: bells.words };
  const threads = workers.map((worker) => ({ name: `worker${worker}`, start: workerOf(shared, worker) }));
  if (described.releases.length > 0) threads.push({ name: "releaser", start: releaserOf(shared) });
  if (described.events.length > 0) threads.push({ name: "peer", start: peerOf(shared) });
  if (described.isStopped) threads.push({ name: "stopper", start: stopperOf(shared) });
  if (described.interrupted.length > 0) threads.push({ name: "caller", start: callerOf(shared) });
  return {
    name: described.name,
    blocks: [...deques, ...injectors, idle, flags, bells],
    threads,
    bounds: described.bounds,
    judge: ({ taken, blocked }) => {
      const polled = taken.flat();
      const left = idsLeft(deques, injectors).flat();
      if (described.isStopped) {
        if (blocked.length > 0) return `${blocked.join(", ")} asleep after the stop`;
        return lostOrRepeated(idCount, [...polled, ...left]);
      }
      if (left.length > 0) return `all asleep or blocked beside ${left.join(", ")}`;
      const stayed = described.mayStay.filter((id) => !polled.includes(id));
      return lostOrRepeated(idCount, [...polled, ...stayed]);
    },
  };
}

interface Shared {
  readonly code: Code;
  readonly described: CoreCase;
  readonly queues: QueueMemory;
  /** The stop word, and one that never changes. */
  readonly flags: Int32Array;
  /** One a worker, and then how many events there were. */
  readonly bells: Int32Array;
}

/** A message to the event loop of `worker`, which is a word that it waits for; NOBODY needs none. */
function ringAt({ code: { atomics }, bells }: Shared, worker: number): void {
  if (worker === NOBODY) return;
  atomics.store(bells, worker, 1);
  atomics.notify(bells, worker);
}

/** A worker as `StealingLoop` drives its core, in the turn of `ParkingLoop`. */
function workerOf(shared: Shared, worker: number): Thread["start"] {
  const { code, described, queues, flags, bells } = shared;
  const { load, wait, store } = code.atomics;
  return () => {
    const core = new code.Core({
      worker,
      workerCount: described.workers.length,
      queues,
      kind: described.kind,
      hasLifoSlot: described.hasLifoSlot,
      stop: { words: flags, at: STOP },
      tally: QUIET,
      ring: (other) => ringAt(shared, other),
    });
    const start = described.workers[worker];
    const how = start?.parks === "in its loop" ? IN_LOOP : ON_WORD;
    let metCount = 0;
    const meetEvents = (): void => {
      if (worker !== 0 || metCount === described.events.length) return;
      const eventCount = load(bells, described.workers.length);
      while (metCount < eventCount) core.ready(described.events[metCount++] ?? EMPTY);
    };
    const sleep = (): void => {
      if (how === IN_LOOP) {
        wait(bells, worker, 0, Number.POSITIVE_INFINITY);
        store(bells, worker, 0);
        meetEvents();
      } else {
        core.wait(Number.POSITIVE_INFINITY);
      }
      core.unpark();
    };
    const poll = (id: number): void => {
      for (const deed of described.polls[id] ?? []) {
        if (deed[0] === "blocks") wait(flags, NEVER, 0, Number.POSITIVE_INFINITY);
        else core[deed[0]](deed[1]);
      }
    };
    if (start?.isAsleep) assert(core.next(false) === EMPTY && core.parks(how), "falls asleep beside work");
    return (take) => {
      if (start?.isAsleep) sleep();
      while (!core.isStopped) {
        if (how === ON_WORD) meetEvents();
        let id = core.follower(true);
        if (id === EMPTY) id = core.next(described.looksOutsideFirst);
        if (id !== EMPTY) {
          core.handOn();
          take(id);
          poll(id);
        } else if (core.parks(how)) {
          sleep();
        }
      }
      take(core.follower(true));
    };
  };
}

function releaserOf(shared: Shared): Thread["start"] {
  const { code, queues, described } = shared;
  return () => {
    const inlet = new code.Inlet(queues, (worker) => ringAt(shared, worker));
    return () => {
      for (const batch of described.releases) inlet.push(Int32Array.from(batch), batch.length);
    };
  };
}

/** Tells worker 0 of its events. */
function peerOf(shared: Shared): Thread["start"] {
  const { code, queues, bells, described } = shared;
  const { workers, events } = described;
  return () => () => {
    for (const _ of events) {
      code.atomics.add(bells, workers.length, 1);
      if (workers[0]?.parks === "in its loop") ringAt(shared, 0);
      // A wait whose limit passes: its word, the first after those of the whole set, stays as it is.
      else code.atomics.notify(queues.idle, idleWords(0));
    }
  };
}

/** The end of a trial as `startThreads` brings it about. */
function stopperOf(shared: Shared): Thread["start"] {
  const { code, queues, flags, described } = shared;
  return () => {
    const idle = new code.Idle(queues.idle);
    return () => {
      code.atomics.store(flags, STOP, 1);
      for (const worker of described.workers.keys()) ringAt(shared, idle.interrupt(worker));
    };
  };
}

function callerOf(shared: Shared): Thread["start"] {
  const { code, queues, described } = shared;
  return () => {
    const idle = new code.Idle(queues.idle);
    return () => {
      for (const worker of described.interrupted) ringAt(shared, idle.interrupt(worker));
    };
  };
}

const awake: WorkerStart = { parks: "on its word", isAsleep: false };
const asleep: WorkerStart = { parks: "on its word", isAsleep: true };
const awakeInLoop: WorkerStart = { parks: "in its loop", isAsleep: false };
const asleepInLoop: WorkerStart = { parks: "in its loop", isAsleep: true };

const three: Bounds = { preemptions: 3, earlyReturns: 0 };
const five: Bounds = { preemptions: 5, earlyReturns: 0 };

/** What cases say where they differ from this. */
const plain: Omit<CoreCase, "name" | "workers"> = {
  kind: "stealing",
  hasLifoSlot: true,
  releases: [[1], [2]],
  polls: {},
  idCount: 2,
  mayStay: [],
  isStopped: false,
  interrupted: [],
  events: [],
  looksOutsideFirst: false,
  bounds: three,
};

const one = { releases: [[1]], idCount: 1 } as const;
const stopped = { ...one, isStopped: true } as const;
/** The first poll never ends; what was released with it must be polled by others. */
const blocks = { releases: [[1, 2, 3]], polls: { 1: [["blocks"]] }, idCount: 3 } as const;
/** A poll makes two ready and never ends: the second displaces the first from the slot. */
const blocksBeside = {
  releases: [[1]],
  polls: { 1: [["readyBeside", 2], ["readyBeside", 3], ["blocks"]] },
  idCount: 3,
} as const;
/** A poll makes two ready; the first never ends. */
const leavesBehind = {
  releases: [[1]],
  polls: {
    1: [
      ["readyLast", 2],
      ["readyLast", 3],
    ],
    2: [["blocks"]],
  },
  idCount: 3,
} as const;
/** Whoever polls keeps its worker. */
const bothBlock = { releases: [[1, 2]], polls: { 1: [["blocks"]], 2: [["blocks"]] } } as const;
/** Two events and a release; the poll of the second event never ends. */
const events = {
  releases: [[3]],
  events: [1, 2],
  polls: { 2: [["blocks"]] },
  idCount: 3,
  mayStay: [1, 2],
} as const;
const bothBlockInTurn = { ...bothBlock, releases: [[1], [2]] } as const;
const chain = {
  releases: [[1]],
  polls: {
    1: [
      ["ready", 2],
      ["ready", 3],
    ],
    3: [["ready", 4]],
    4: [["ready", 5]],
    5: [["ready", 6]],
  },
  idCount: 6,
} as const;
const fanOut = {
  releases: [[1]],
  polls: {
    1: [
      ["readyLast", 2],
      ["readyLast", 3],
      ["readyLast", 4],
      ["readyLast", 5],
    ],
  },
  idCount: 5,
} as const;

/** A poll overflows its deque; the one that is left in it never ends. */
const overflowBlocks = {
  releases: [[1]],
  polls: {
    1: [
      ["readyLast", 2],
      ["readyLast", 3],
      ["readyLast", 4],
    ],
    3: [["blocks"]],
  },
  idCount: 4,
} as const;

/** The scheduler as it runs by default. */
const byDefault: readonly CoreCase[] = [
  { ...plain, ...chain, bounds: five, name: "a chain through the slot", workers: [asleep, asleep] },
  { ...plain, ...blocks, bounds: five, name: "a poll blocks", workers: [asleep, asleep] },
  { ...plain, ...leavesBehind, bounds: five, name: "a poll leaves one behind", workers: [asleep, asleep] },
  {
    ...plain,
    ...blocksBeside,
    mayStay: [3],
    bounds: five,
    name: "a poll blocks beside two",
    workers: [awake, asleep],
  },
  { ...plain, ...fanOut, bounds: five, name: "a poll overflows its deque", workers: [asleep, asleep] },
  {
    ...plain,
    ...overflowBlocks,
    bounds: five,
    name: "an overflow before a long poll",
    workers: [asleep, asleep],
  },
  { ...plain, name: "two asleep in their loops", workers: [asleepInLoop, asleepInLoop] },
  { ...plain, ...events, name: "replies in a loop", workers: [asleepInLoop, asleep] },
  { ...plain, ...events, name: "timers", workers: [asleep, asleep] },
  { ...plain, ...bothBlock, name: "both polls block, one awake", workers: [awake, asleep] },
  { ...plain, ...bothBlockInTurn, name: "both polls block in turn, one awake", workers: [awake, asleep] },
  { ...plain, ...bothBlock, name: "both polls block, one of three awake", workers: [asleep, awake, asleep] },
  { ...plain, ...bothBlock, name: "both polls block, two awake", workers: [awake, awake] },
  { ...plain, ...blocks, name: "a poll blocks; three workers", workers: [asleep, asleep, asleep] },
  { ...plain, name: "three asleep", workers: [asleep, asleep, asleep] },
  { ...plain, ...stopped, name: "stop, three asleep", workers: [asleep, asleep, asleep] },
  { ...plain, ...stopped, name: "stop, one in its loop", workers: [awake, asleepInLoop] },
  { ...plain, ...one, name: "one of three awake", workers: [awake, asleep, asleep] },
  { ...plain, name: "two fall asleep", workers: [awake, awake] },
  { ...plain, ...one, name: "two fall asleep, one in its loop", workers: [awake, awakeInLoop] },
  { ...plain, ...stopped, name: "stop, two awake", workers: [awake, awake] },
];

const interrupted = { ...one, interrupted: [0] } as const;
/** Two releases, and an interrupt of a worker whose poll never ends. */
const interruptedLate = { interrupted: [0], polls: { 1: [["blocks"]] } } as const;
const early = { bounds: { preemptions: 3, earlyReturns: 1 } } as const;
const partitioned = { kind: "partitioned" } as const;
const global = { kind: "global", hasLifoSlot: false } as const;
const noSlot = { hasLifoSlot: false } as const;

/** Its controls, and what happens from outside: interrupts, and waits that return early. */
const controls: readonly CoreCase[] = [
  { ...plain, ...noSlot, ...chain, name: "lifo=off: a chain", workers: [asleep, asleep] },
  {
    ...plain,
    ...noSlot,
    ...blocksBeside,
    name: "lifo=off: a poll blocks beside two",
    workers: [awake, asleep],
  },
  { ...plain, ...partitioned, name: "steal=off", workers: [awake, awake] },
  { ...plain, ...partitioned, name: "steal=off, in loops", workers: [awakeInLoop, awakeInLoop] },
  { ...plain, ...partitioned, ...stopped, name: "steal=off: stop", workers: [awake, awakeInLoop] },
  { ...plain, ...global, ...blocksBeside, name: "queue=global: a poll blocks", workers: [awake, asleep] },
  { ...plain, ...global, ...bothBlock, name: "queue=global: both polls block", workers: [awake, asleep] },
  { ...plain, ...global, name: "queue=global", workers: [awake, awake] },
  { ...plain, ...global, ...stopped, name: "queue=global: stop", workers: [awake, awakeInLoop] },
  { ...plain, ...noSlot, ...events, name: "lifo=off: replies in a loop", workers: [asleepInLoop, asleep] },
  { ...plain, ...partitioned, ...events, polls: {}, name: "steal=off: timers", workers: [asleep, asleep] },
  {
    ...plain,
    ...global,
    ...events,
    name: "queue=global: replies in a loop",
    workers: [asleepInLoop, asleep],
  },
  { ...plain, ...interrupted, name: "an interrupt beside a release", workers: [awake, asleep] },
  { ...plain, ...interruptedLate, name: "an interrupt too late", workers: [asleep, asleep] },
  { ...plain, ...early, name: "one wakes by itself", workers: [asleep] },
  { ...plain, ...early, ...bothBlock, name: "one of two wakes by itself", workers: [asleep, awake] },
  { ...plain, ...early, name: "two wake by themselves", workers: [asleep, asleep] },
  { ...plain, looksOutsideFirst: true, name: "injected first", workers: [asleep, awake] },
];

export const defaultCases = (code: Code): readonly Case[] =>
  byDefault.map((described) => coreCase(code, described));

export const controlCases = (code: Code): readonly Case[] =>
  controls.map((described) => coreCase(code, described));
