/**
 * The life of a worker thread of a TypeScript runtime: connect, rehearse with the others, warm up alone, report
 * ready, wait for the epoch, run.
 */

import { strict as assert } from "node:assert";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { ParameterValues } from "../workloads/parameter.ts";
import type { Trace } from "../workloads/trace/trace.ts";
import { type Bells, ring } from "./bells.ts";
import { Clock, monotonicNs } from "./clock.ts";
import { watchGcPauses } from "./gc-pauses.ts";
import { sumLanes } from "./lane-sums.ts";
import { recordsHeaderRow } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { allocateRecords } from "./records.ts";
import { shapeFor } from "./records-room.ts";
import { meet, type Rehearsal } from "./rehearsal.ts";
import { Releaser } from "./release.ts";
import type { Sockets } from "./sockets.ts";
import { allocateStage, type Stage, type StagePlan } from "./stage.ts";
import { currentThreadId } from "./thread-id.ts";
import { Deque } from "./work-stealing/deque.ts";
import { Idle, IN_LOOP, ON_WORD } from "./work-stealing/idle.ts";
import { Injector } from "./work-stealing/injector.ts";

/**
 * Code compiled in the first round knows one instance of each class and takes its fields for constants; the second
 * shows that there are others. After the fourth the scheduler's own path has been compiled for good: with two rounds
 * the first 20 to 30 ms of a trial ran at a third of its speed, and the compiler took 40 ms of CPU from it instead
 * of 10.
 */
const WARM_UP_ROUNDS = 4;
/** Tasks that the warm-up leaves in the deque of a worker that is not there, to be stolen. */
const LOOT = 100;
/** How often it practises to wake another. */
const WAKES = 100;

/** Everything that a worker's scheduler runs on: the trial's, or other memory while it rehearses or warms up. */
export interface LoopSettings extends Stage {
  readonly worker: number;
  readonly workerCount: number;
  readonly options: ParameterValues;
  readonly epochNs: number;
  /** null where the trace needs no peer. */
  readonly sockets: Sockets | null;
  /** Sends a message to the event loop of another worker. */
  readonly ring: (worker: number) => void;
  /** true: leave as soon as nothing is ready or pending, for nobody else feeds this loop. false: leave at `stop`. */
  readonly untilIdle: boolean;
  /** false: nothing of this is measured. */
  readonly isTrial: boolean;
}

/** A worker's scheduler. */
export interface Loop {
  /** Runs until it may leave; resolves then. Called once. */
  run(): Promise<void>;
  /** A message has reached the event loop. */
  resume(): void;
}

/** What a worker thread is started with. */
export interface WorkerStart {
  readonly worker: number;
  readonly workerCount: number;
  readonly options: ParameterValues;
  readonly trial: Stage;
  readonly rehearsal: Rehearsal;
  /** Workers steal from each other: the warm-up practises it. */
  readonly hasThieves: boolean;
  /** Run one after the other before the worker is ready. */
  readonly warmUps: readonly Trace[];
  readonly peerPort: number | null;
  /** 0 until the epoch is set. */
  readonly go: Int32Array;
  readonly bells: Bells;
  /** Ports on which others ring here. */
  readonly ownBells: readonly MessagePort[];
  /** For the entry file itself; see `ThreadPlan`. */
  readonly forEntry: unknown;
}

/**
 * The body of a worker's entry file. Ends the thread when the loop leaves. `sharedWords`: as in the plan, for warm-ups
 * alone.
 */
export async function serveThread(
  makeLoop: (settings: LoopSettings) => Loop,
  sharedWords?: StagePlan["sharedWords"],
): Promise<void> {
  const start: WorkerStart = workerData;
  const { worker, workerCount, options, bells, trial, rehearsal } = start;
  assert(parentPort !== null, "a worker's entry runs in a worker thread");
  let current: Loop | null = null;
  for (const bell of [parentPort, ...start.ownBells]) bell.on("message", () => current?.resume());
  const sockets = await openSockets(start);
  /** Runs on what all threads share, until `stop`. */
  const perform = async (stage: Stage, own: Pick<LoopSettings, "sockets" | "isTrial">): Promise<void> => {
    current = makeLoop({
      ...{ worker, workerCount, options, ...stage, ...own },
      epochNs: stage.records.headerF64[recordsHeaderRow.index.epochNs] as number,
      ring: (other) => ring(bells, other),
      untilIdle: false,
    });
    await current.run();
  };
  meet(rehearsal);
  await perform(rehearsal.stage, { sockets: null, isTrial: false });
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const warmUp of start.warmUps) await warm(start, warmUp, { sockets, makeLoop, sharedWords });
  }
  const recorder = new Recorder(trial.records, worker);
  recorder.boundTo(currentThreadId());
  const recordGcPauses = watchGcPauses(trial.records, recorder);
  parentPort.postMessage("ready");
  Atomics.wait(start.go, 0, 0);
  if (sockets !== null) sockets.isWarmUp = false;
  await perform(trial, { sockets, isTrial: true });
  await recordGcPauses();
  process.exit(0);
}

/** Connection c of the trace belongs to worker c mod workerCount. The module is loaded only where it is needed. */
async function openSockets(start: WorkerStart): Promise<Sockets | null> {
  const { worker, workerCount, peerPort } = start;
  const { trace } = start.trial;
  if (trace.connectionCount === 0) return null;
  assert(peerPort !== null, "a trace with connections needs a peer");
  const { Sockets } = await import("./sockets.ts");
  return Sockets.open(peerPort, Math.ceil((trace.connectionCount - worker) / workerCount));
}

/**
 * Runs a warm-up trace alone, through the same code as the trial, on rows and records of its own. Where workers
 * steal it has an absent second worker, which it wakes and steals from.
 */
async function warm(
  { options, trial, hasThieves }: WorkerStart,
  trace: Trace,
  {
    sockets,
    makeLoop,
    sharedWords,
  }: {
    readonly sockets: Sockets | null;
    readonly makeLoop: (settings: LoopSettings) => Loop;
    readonly sharedWords: StagePlan["sharedWords"];
  },
): Promise<void> {
  const workerCount = hasThieves ? 2 : 1;
  const dequeCount = trial.queues.deques.length > 0 ? workerCount : 0;
  const own = { workerCount, dequeCount, injectorCount: 1, sharedWords };
  const stage = allocateStage(trace, allocateRecords(shapeFor(trace, 1)), own);
  const { tasks, records, queues } = stage;
  // The whole schedule lies in the past, so that everything is due at once.
  const epochNs = monotonicNs() - trace.windowNs - 1e6;
  const clock = new Clock(epochNs);
  const [injector] = queues.injectors.map((words) => new Injector(words));
  assert(injector !== undefined);
  // The worker is about to run: nobody is to be woken.
  const inlet = injector;
  const releaser = new Releaser({ trace, records, gates: tasks.gates, inlet, clock, maySpin: false });
  while (releaser.releaseDue(clock.now()));
  const absent = new Idle(queues.idle);
  if (hasThieves) {
    practiseWaking(absent);
    absent.announce(1, IN_LOOP, false);
    const deque = new Deque(queues.deques[1] as Int32Array);
    for (let left = Math.min(LOOT, injector.tail()); left > 0; left--) deque.push(injector.pop());
  }
  await makeLoop({
    worker: 0,
    workerCount,
    options,
    ...stage,
    epochNs,
    sockets,
    ring: () => {
      // Woken, it finds nothing and parks again.
      absent.retract(1);
      absent.announce(1, IN_LOOP, true);
    },
    untilIdle: true,
    isTrial: false,
  }).run();
  const done = sumLanes(records, "done");
  if (done === trace.taskCount) return;
  throw new Error(
    `the scheduler lost ids: ${trace.taskCount - done} of ${trace.taskCount} tasks were not done in the warm-up. Each id given to ready or taken from takeInjected must come out of next() once.`,
  );
}

/** Wakes that worker from its word, which the load does not: then it waits in its event loop. */
function practiseWaking(absent: Idle): void {
  for (let wake = 0; wake < WAKES; wake++) {
    absent.announce(1, ON_WORD, false);
    absent.wakeOne();
    // Woken already, it need not wait.
    absent.wait(1, 1);
    if (absent.retract(1)) absent.endSearch();
    if (absent.trySearch()) absent.endSearch();
  }
}
