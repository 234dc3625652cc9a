/**
 * The life of a worker thread of a TypeScript runtime: connect, warm up, report ready, wait for the epoch, run.
 */

import { strict as assert } from "node:assert";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { ParameterValues } from "../workloads/parameter.ts";
import type { Trace } from "../workloads/trace/trace.ts";
import { type Bells, ring } from "./bells.ts";
import { monotonicNs } from "./clock.ts";
import { watchGcPauses } from "./gc-pauses.ts";
import { idsOf } from "./ids.ts";
import { sumLanes } from "./lane-sums.ts";
import { recordsHeaderRow } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { allocateRecords, type Records } from "./records.ts";
import { shapeFor } from "./records-room.ts";
import { Releaser } from "./release.ts";
import type { Sockets } from "./sockets.ts";
import { allocateTasks, type Tasks } from "./tasks.ts";
import { currentThreadId } from "./thread-id.ts";
import type { QueueMemory } from "./work-stealing/core.ts";
import { DEQUE_CAPACITY, Deque, dequeWords } from "./work-stealing/deque.ts";
import { Idle, IN_LOOP, idleWords } from "./work-stealing/idle.ts";
import { Injector, injectorWords } from "./work-stealing/injector.ts";

/**
 * Code compiled in the first round knows one instance of each class and takes its fields for constants; the second
 * shows that there are others. After the fifth the scheduler's own path has been compiled for good: with two rounds
 * the first 20 to 30 ms of a trial ran at a third of its speed, and the compiler took 40 ms of CPU from it instead
 * of 10.
 */
const WARM_UP_ROUNDS = 5;
/** Tasks that the warm-up leaves in the deque of a worker that is not there, to be stolen. */
const LOOT = 100;

/** Everything that a worker's scheduler runs on: the trial's, or private copies while it warms up. */
export interface LoopSettings {
  readonly worker: number;
  readonly workerCount: number;
  readonly options: ParameterValues;
  readonly trace: Trace;
  readonly tasks: Tasks;
  readonly records: Records;
  readonly epochNs: number;
  readonly queues: QueueMemory;
  /** null where the trace needs no peer. */
  readonly sockets: Sockets | null;
  /** Sends a message to the event loop of another worker. */
  readonly ring: (worker: number) => void;
  /** true: leave as soon as nothing is ready or pending, for nobody else feeds this loop. false: leave at `stop`. */
  readonly untilIdle: boolean;
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
  readonly trace: Trace;
  readonly tasks: Tasks;
  readonly records: Records;
  readonly queues: QueueMemory;
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

/** The body of a worker's entry file. Ends the thread when the loop leaves. */
export async function serveThread(makeLoop: (settings: LoopSettings) => Loop): Promise<void> {
  const start: WorkerStart = workerData;
  const { worker, workerCount, options, trace, tasks, records, queues, bells } = start;
  assert(parentPort !== null, "a worker's entry runs in a worker thread");
  const sockets = await openSockets(start);
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    for (const warmUp of start.warmUps) await warm(start, warmUp, { sockets, makeLoop });
  }
  const recorder = new Recorder(records, worker);
  recorder.boundTo(currentThreadId());
  const recordGcPauses = watchGcPauses(records, recorder);
  parentPort.postMessage("ready");
  Atomics.wait(start.go, 0, 0);
  if (sockets !== null) sockets.isWarmUp = false;
  const loop = makeLoop({
    worker,
    workerCount,
    options,
    trace,
    tasks,
    records,
    epochNs: records.headerF64[recordsHeaderRow.index.epochNs] as number,
    queues,
    sockets,
    ring: (other) => ring(bells, other),
    untilIdle: false,
  });
  for (const bell of [parentPort, ...start.ownBells]) bell.on("message", () => loop.resume());
  await loop.run();
  await recordGcPauses();
  process.exit(0);
}

/** Fresh shared words for the queues of `workerCount` workers and ids below `idCount`. */
export function allocateQueues(of: {
  workerCount: number;
  dequeCount: number;
  injectorCount: number;
  idCount: number;
}): QueueMemory {
  const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));
  return {
    injectors: Array.from({ length: of.injectorCount }, () => words(injectorWords(of.idCount))),
    idle: words(idleWords(of.workerCount)),
    deques: Array.from({ length: of.dequeCount }, () => words(dequeWords(DEQUE_CAPACITY))),
  };
}

/** Connection c of the trace belongs to worker c mod workerCount. The module is loaded only where it is needed. */
async function openSockets(start: WorkerStart): Promise<Sockets | null> {
  const { trace, worker, workerCount, peerPort } = start;
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
  { options, queues: { deques }, hasThieves }: WorkerStart,
  trace: Trace,
  {
    sockets,
    makeLoop,
  }: { readonly sockets: Sockets | null; readonly makeLoop: (settings: LoopSettings) => Loop },
): Promise<void> {
  const records = allocateRecords(shapeFor(trace, 1));
  const tasks = allocateTasks(trace);
  const workerCount = hasThieves ? 2 : 1;
  const dequeCount = deques.length > 0 ? workerCount : 0;
  const idCount = idsOf(records.shape).end;
  const queues = allocateQueues({ workerCount, dequeCount, injectorCount: 1, idCount });
  // The whole schedule lies in the past, so that everything is due at once.
  const epochNs = monotonicNs() - trace.windowNs - 1e6;
  const clock = (): number => monotonicNs() - epochNs;
  const [injector] = queues.injectors.map((words) => new Injector(words));
  assert(injector !== undefined);
  // The worker is about to run: nobody is to be woken.
  const inlet = injector;
  const releaser = new Releaser({ trace, records, gates: tasks.gates, inlet, clock, maySpin: false });
  while (releaser.releaseDue(clock()));
  const absent = new Idle(queues.idle);
  if (hasThieves) {
    absent.announce(1, IN_LOOP, false);
    const deque = new Deque(queues.deques[1] as Int32Array);
    for (let left = Math.min(LOOT, injector.tail()); left > 0; left--) deque.push(injector.pop());
  }
  await makeLoop({
    worker: 0,
    workerCount,
    options,
    trace,
    tasks,
    records,
    epochNs,
    queues,
    sockets,
    ring: () => {
      // Woken, it finds nothing and parks again.
      absent.retract(1);
      absent.announce(1, IN_LOOP, true);
    },
    untilIdle: true,
  }).run();
  const done = sumLanes(records, "done");
  assert(done === trace.taskCount, `the warm-up ended with ${done} of ${trace.taskCount} tasks done`);
}
