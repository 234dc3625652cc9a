/**
 * Starts the threads of a TypeScript runtime, all at the same time, and brings them to their end.
 *
 * It runs on the trial's main thread, which belongs to the witness: workers and releaser share memory with it
 * and need it for nothing between `execute` and `stop`.
 */

import { strict as assert } from "node:assert";
import { type MessagePort, SHARE_ENV, Worker } from "node:worker_threads";
import { bellsBetween } from "./bells.ts";
import { sumLanes } from "./lane-sums.ts";
import { recordsHeaderRow } from "./record.ts";
import { planRehearsal } from "./rehearsal.ts";
import type { ReleaserStart } from "./release-thread.ts";
import { maySpin, type RuntimeSettings, type StartedRuntime } from "./runtime.ts";
import { allocateStage, type StagePlan } from "./stage.ts";
import { sharedTrace } from "./tasks.ts";
import type { WorkerStart } from "./thread.ts";
import { restingTrace } from "./warm-up.ts";
import { wakeAll } from "./work-stealing/idle.ts";

export interface ThreadPlan extends StagePlan {
  /** Entry file of a worker. */
  readonly entry: URL;
  /** Workers steal from each other. */
  readonly hasThieves: boolean;
  /** Workers have timers of their own that end on time: their rests are warmed up too. */
  readonly restsOnTime: boolean;
  /** Who wakes workers that wait in their event loops: the releaser, also the other workers, or nobody. */
  readonly bells: "releaser" | "all" | "none";
  /** What the entry file is handed beside its `WorkerStart`, as a structured clone. */
  readonly forEntry?: unknown;
}

interface Thread {
  readonly worker: Worker;
  readonly ready: Promise<void>;
  /** Rejects where the thread died or left before it might. */
  readonly ended: Promise<void>;
}

const HEADER = recordsHeaderRow.index;

/** Resolves when every worker is connected and warm and the releaser waits for the epoch. */
export async function startThreads(settings: RuntimeSettings, plan: ThreadPlan): Promise<StartedRuntime> {
  const { records, peerPort } = settings;
  const { workerCount, forEntry } = plan;
  assert(records.shape.laneCount === workerCount + 1, "a lane a worker and one for the releaser");
  const { connectionCount } = settings.trace;
  if (connectionCount > 0 && connectionCount < workerCount) {
    throw new Error(
      `${connectionCount} connections for ${workerCount} workers: each worker needs one of its own. Give connections=${workerCount} or more.`,
    );
  }
  const trial = allocateStage(sharedTrace(settings.trace), records, plan);
  const rehearsal = planRehearsal(plan);
  const warmUp = sharedTrace(settings.warmUp);
  const warmUps = plan.restsOnTime ? [warmUp, sharedTrace(restingTrace())] : [warmUp];
  const go = new Int32Array(new SharedArrayBuffer(4));
  const { bellsOf, ownBellsOf } = bellsBetween(workerCount, plan.bells);

  const isSet = (field: number): boolean => Atomics.load(records.headerI32, field) === 1;
  const workers = Array.from({ length: workerCount }, (_, worker) => {
    const bells = bellsOf(worker);
    const ownBells = ownBellsOf(worker);
    const { options } = settings;
    const { hasThieves } = plan;
    const shared = { workerCount, options, trial, rehearsal, hasThieves, warmUps, peerPort, go };
    const start: WorkerStart = { ...shared, worker, bells, ownBells, forEntry };
    const ports = [...bells, ...ownBells];
    const mayLeave = (): boolean => isSet(HEADER.stop);
    return startThread({ name: `worker ${worker}`, entry: plan.entry, start, ports, mayLeave });
  });
  const bells = bellsOf(workerCount);
  const start: ReleaserStart = {
    trial,
    rehearsal,
    warmUp,
    maySpin: maySpin(settings),
    go,
    bells,
  };
  const entry = new URL("./release-thread.js", import.meta.url);
  const mayLeave = (): boolean => isSet(HEADER.releaseEnded);
  const releaser = startThread({ name: "the releaser", entry, start, ports: bells, mayLeave });
  const threads = [...workers, releaser];

  await allOf(threads, ({ ready }) => ready);
  return {
    execute: async () => {
      Atomics.store(go, 0, 1);
      Atomics.notify(go, 0);
      await allOf(threads, ({ ended }) => ended);
      return {
        polls: sumLanes(records, "polls"),
        spawned: sumLanes(records, "spawned"),
        steals: sumLanes(records, "steals"),
        parks: sumLanes(records, "parks"),
        overflows: sumLanes(records, "overflows"),
        lifoPolls: sumLanes(records, "lifoPolls"),
        forcedYields: sumLanes(records, "forcedYields"),
      };
    },
    stop: () => {
      for (const word of [HEADER.tasksEnded, HEADER.stop]) Atomics.notify(records.headerI32, word);
      wakeAll(trial.queues.idle, (worker) => workers[worker]?.worker.postMessage(0));
    },
  };
}

interface ThreadStart {
  readonly name: string;
  readonly entry: URL;
  readonly start: WorkerStart | ReleaserStart;
  readonly ports: readonly (MessagePort | null)[];
  /** Whether the thread's end is to be: asked when it has ended. */
  readonly mayLeave: () => boolean;
}

function startThread({ name, entry, start, ports, mayLeave }: ThreadStart): Thread {
  const transferList = ports.filter((port) => port !== null);
  const worker = new Worker(entry, { workerData: start, transferList, execArgv: [], env: SHARE_ENV });
  const ended = new Promise<void>((resolve, reject) => {
    worker.once("error", reject);
    worker.once("exit", (code) => {
      if (code === 0 && mayLeave()) resolve();
      else reject(new Error(`${name} left with exit code ${code} before the end of the trial`));
    });
  });
  const isReady = new Promise<void>((resolve) => worker.once("message", () => resolve()));
  const ready = Promise.race([ended, isReady]);
  // Both are awaited later; until then a rejection is only kept.
  for (const promise of [ready, ended]) promise.catch(() => undefined);
  return { worker, ready, ended };
}

/** Waits for something of every thread; where one fails, none is left behind. */
async function allOf(threads: readonly Thread[], event: (thread: Thread) => Promise<void>): Promise<void> {
  try {
    await Promise.all(threads.map(event));
  } catch (error) {
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
    throw error;
  }
}
