/**
 * Entry of a worker thread of the stress. It stays from round to round; each round has a core of its own, which
 * it drives as the loop does but for clock, timers and sockets: it always parks on its word.
 */
import { strict as assert } from "node:assert";
import { parentPort, workerData } from "node:worker_threads";
import type { Core } from "./core.ts";
import { ON_WORD } from "./idle.ts";
import { EMPTY } from "./injector.ts";
import {
  LEFT_COUNT,
  NO_MORE,
  POLLS,
  policies,
  pollMember,
  queuesOf,
  ROUND,
  STOP,
  type StressMemory,
} from "./stress-round.ts";

/** What a thread is started with. */
export interface StressStart {
  readonly worker: number;
  readonly memory: StressMemory;
  /** The module of `Core`: that of the scheduler, or a broken one. */
  readonly coreModule: string;
}

/** Ticks between two looks at the injector before all else, as Tokio begins. */
const LOOK_INTERVAL = 61;

const { worker, memory, coreModule }: StressStart = workerData;
const module: typeof import("./core.ts") = await import(coreModule);
assert(parentPort !== null, "the stress's entry runs in a worker thread");
parentPort.postMessage("ready");
const { control } = memory;
for (let round = 0; ; ) {
  Atomics.wait(control, ROUND, round);
  round = Atomics.load(control, ROUND);
  if (round === NO_MORE) break;
  run(coreOf(round));
  Atomics.add(control, LEFT_COUNT, 1);
  Atomics.notify(control, LEFT_COUNT);
}

function coreOf(round: number): Core {
  const policy = policies[round % policies.length];
  assert(policy !== undefined, `no policy for round ${round}`);
  return new module.Core({
    ...policy,
    worker,
    workerCount: memory.workerCount,
    queues: queuesOf(memory, policy.kind),
    stop: { words: control, at: STOP },
    tally: { stole: () => undefined, overflowed: () => undefined, polledFromLifo: () => undefined },
    ring: (other) => assert.fail(`worker ${other} never waits in its event loop`),
  });
}

function run(core: Core): void {
  for (let tick = 0; !core.isStopped; ) {
    let id = core.follower(true);
    if (id === EMPTY) id = core.next(++tick % LOOK_INTERVAL === 0);
    if (id !== EMPTY) {
      core.handOn();
      pollMember(core, memory, id);
      Atomics.add(control, POLLS + 16 * worker, 1);
    } else if (core.parks(ON_WORD)) {
      core.wait(Number.POSITIVE_INFINITY);
      core.unpark();
    }
  }
  const kept = core.follower(true);
  if (kept !== EMPTY) Atomics.add(memory.seen, kept, 1);
}
