/**
 * Every interleaving of workers that wait as `UserLoop` has them do it, over the real code and with seeded mistakes:
 * nobody sleeps beside an id that it could poll, nor after the stop.
 */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { IN_LOOP, NOBODY, ON_WORD } from "../work-stealing/idle.ts";
import { EMPTY } from "../work-stealing/injector.ts";
import { type Code, loadCode } from "../work-stealing/model/code.ts";
import { type Case, type Exploration, explore } from "../work-stealing/model/explore.ts";
import type { Thread } from "../work-stealing/model/history.ts";
import { idsLeft, lostOrRepeated } from "../work-stealing/model/queue-cases.ts";
import { print } from "../work-stealing/model/telling.ts";
import { idleBlock, injectorBlock, plainBlock } from "../work-stealing/model/words.ts";
import type * as waiting from "./waiting.ts";

interface WaitingCase {
  readonly name: string;
  readonly workers: readonly ("on its word" | "in its loop")[];
  /** All workers have found nothing and sleep when the schedules begin. */
  readonly areAsleep: boolean;
  /** Batches of ids that come from outside. */
  readonly releases: readonly (readonly number[])[];
  /** An id whose poll never ends. */
  readonly blocking: number;
  /** An id whose poll gives another one to worker 1, through a word that both share, and wakes it. */
  readonly giving: { readonly from: number; readonly id: number } | null;
  readonly isStopped: boolean;
  readonly preemptions: number;
}

const plain = { areAsleep: true, blocking: EMPTY, giving: null, isStopped: false, preemptions: 4 };

const described: readonly WaitingCase[] = [
  { ...plain, name: "a sleeper and two releases", workers: ["on its word"], releases: [[1], [2]] },
  {
    ...plain,
    name: "one that is about to sleep and a release",
    workers: ["in its loop"],
    areAsleep: false,
    releases: [[1], [2]],
  },
  {
    ...plain,
    name: "one of two sleepers never comes back from its first poll",
    workers: ["on its word", "on its word"],
    releases: [[1, 2], [3]],
    blocking: 1,
    preemptions: 3,
  },
  {
    ...plain,
    name: "two releases, and a poll that never ends, in event loops",
    workers: ["in its loop", "in its loop"],
    releases: [[1], [2]],
    blocking: 1,
    preemptions: 3,
  },
  {
    ...plain,
    name: "an id is given to a sleeper while others come from outside",
    workers: ["on its word", "on its word"],
    releases: [[1], [2]],
    giving: { from: 1, id: 3 },
    preemptions: 3,
  },
  {
    ...plain,
    name: "the stop",
    workers: ["on its word", "in its loop"],
    areAsleep: false,
    releases: [[1]],
    isStopped: true,
    preemptions: 2,
  },
];

/** Where the flags stand: the stop, a word that never changes, the id that was given, and a bell a worker. */
const STOP = 0;
const NEVER = 1;
const GIVEN = 2;
const BELLS = 3;

type WaitingModule = typeof waiting;

function modelOf(code: Code, { Waiting }: WaitingModule, one: WaitingCase): Case {
  const { load, store, exchange, wait, notify } = code.atomics;
  const idCount = one.releases.flat().length + (one.giving === null ? 0 : 1);
  const injector = injectorBlock("injector", idCount);
  const idle = idleBlock(one.workers.length);
  const flags = plainBlock("stop", "never", "given", ...one.workers.map((_, worker) => `bell${worker}`));
  const { words } = flags;
  const queues = { injectors: [injector.words], idle: idle.words };
  const ring = (worker: number): void => {
    if (worker === NOBODY) return;
    store(words, BELLS + worker, 1);
    notify(words, BELLS + worker);
  };
  const workerOf = (worker: number): Thread["start"] => {
    const how = one.workers[worker] === "in its loop" ? IN_LOOP : ON_WORD;
    return () => {
      const own = new code.Injector(injector.words);
      const rest = new Waiting({
        worker,
        idle: new code.Idle(idle.words),
        injector: own,
        ring,
        next: () => {
          const given = worker === 1 && one.giving !== null ? exchange(words, GIVEN, 0) : 0;
          return given > 0 ? given : own.pop();
        },
        isStopped: () => load(words, STOP) !== 0,
      });
      const sleep = (): void => {
        if (how === ON_WORD) rest.wait(Number.POSITIVE_INFINITY);
        else {
          wait(words, BELLS + worker, 0, Number.POSITIVE_INFINITY);
          store(words, BELLS + worker, 0);
        }
        rest.unpark();
      };
      if (one.areAsleep) assert(rest.take() === EMPTY && rest.parks(how), "falls asleep beside work");
      return (take) => {
        if (one.areAsleep) sleep();
        while (load(words, STOP) === 0) {
          const id = rest.take();
          if (id === EMPTY) {
            if (rest.parks(how)) sleep();
            continue;
          }
          take(id);
          if (id === one.blocking) wait(words, NEVER, 0, Number.POSITIVE_INFINITY);
          if (id !== one.giving?.from) continue;
          store(words, GIVEN, one.giving.id);
          rest.wake(1);
        }
      };
    };
  };
  const threads = one.workers.map((_, worker) => ({ name: `worker${worker}`, start: workerOf(worker) }));
  const releaser = (): ReturnType<Thread["start"]> => {
    const inlet = new code.Inlet(queues, ring);
    return () => {
      for (const batch of one.releases) inlet.push(Int32Array.from(batch), batch.length);
    };
  };
  const stopper = (): ReturnType<Thread["start"]> => {
    const whole = new code.Idle(idle.words);
    return () => {
      store(words, STOP, 1);
      for (const worker of one.workers.keys()) ring(whole.interrupt(worker));
    };
  };
  return {
    name: one.name,
    blocks: [injector, idle, flags],
    threads: [
      ...threads,
      { name: "releaser", start: releaser },
      ...(one.isStopped ? [{ name: "stopper", start: stopper }] : []),
    ],
    bounds: { preemptions: one.preemptions, earlyReturns: 0 },
    judge: ({ taken, blocked }) => {
      if (one.isStopped) return blocked.length > 0 ? `${blocked.join(", ")} asleep after the stop` : null;
      const left = idsLeft([], [injector]).flat();
      if (left.length > 0) return `all asleep or blocked beside ${left.join(", ")}`;
      return lostOrRepeated(idCount, taken.flat());
    },
  };
}

/** The compiled `waiting.js`, with one piece of its text replaced. */
async function loadWaiting(from: string, to: string): Promise<WaitingModule> {
  const source = readFileSync(new URL("./waiting.js", import.meta.url), "utf8");
  expect(source.split(from), from).toHaveLength(2);
  const absolute = source
    .replace(from, to)
    .replaceAll(/from "(\.\.\/[^"]+)"/g, (_, path) => `from "${new URL(path, import.meta.url).href}"`)
    .replace(/\n\/\/# sourceMappingURL=.*/, "");
  return import(`data:text/javascript;base64,${Buffer.from(absolute).toString("base64")}`);
}

const code = await loadCode(null);

test.each(described)("$name: nobody sleeps beside work", async (one) => {
  const seen: Exploration = explore(modelOf(code, await import("./waiting.ts"), one));
  expect([seen.violation?.what, ...(seen.violation?.lines ?? [])]).toEqual([undefined]);
  expect(seen.endCount).toBeGreaterThan(0);
  const bound = `${one.preemptions} preemptions`;
  print([
    `Interleavings of waiting: ${one.name}: ${bound}; ${seen.stateCount} states, ${seen.endCount} ends`,
  ]);
});

test.each([
  ["does not look again before it waits", "this.#kept = this.#next();", ""],
  ["does not hand on", "this.#handOn();", ""],
  ["forgets that it was woken", "this.#wasWoken = true;", ""],
  ["counts as a searcher for ever", "this.#idle.endSearch();", ""],
  ["drops what its second look found", "this.#kept === EMPTY ? this.#next() : this.#kept", "this.#next()"],
  ["waits through the stop", "this.#kept === EMPTY && !this.#isStopped()", "this.#kept === EMPTY"],
  [
    "looks before it announces",
    "this.#idle.announce(this.#worker, how, false);",
    "this.#kept = this.#next(); if (this.#kept === EMPTY) { this.#idle.announce(this.#worker, how, false); return true; } this.#idle.announce(this.#worker, how, false);",
  ],
])("a worker that %s is seen", async (_, from, to) => {
  const mutant = await loadWaiting(from, to);
  const isSeen = described.some((one) => explore(modelOf(code, mutant, one)).violation !== null);
  expect(isSeen).toBe(true);
});
