/**
 * The loop of a worker whose scheduler a user supplies: asks it for the next id, polls that, fires timers, serves
 * sockets, and waits when there is nothing to do.
 *
 * The clock is read after each answer: what a scheduler takes to decide is waiting, not the next task's service.
 */
import { shown } from "../../workloads/parameter.ts";
import { Clock } from "../clock.ts";
import { type EchoRequest, Interpreter, type Scheduler } from "../interpreter.ts";
import { recordsHeaderRow } from "../record.ts";
import { Recorder } from "../recorder.ts";
import type { Sockets } from "../sockets.ts";
import type { Loop, LoopSettings } from "../thread.ts";
import { Timers } from "../timers.ts";
import { Idle, IN_LOOP, ON_WORD } from "../work-stealing/idle.ts";
import { EMPTY, Injector } from "../work-stealing/injector.ts";
import type { RuntimeDefinition, WorkerScheduler, WorkerSettings } from "./definition.ts";
import { Waiting } from "./waiting.ts";

/** Polls after which the event loop turns while replies are pending. As the event interval of the others. */
const TURN_POLLS = 61;

const STOP = recordsHeaderRow.index.stop;

export class UserLoop implements Loop, Scheduler {
  readonly #taskCount: number;
  readonly #idCount: number;
  readonly #headerI32: Int32Array;
  readonly #clock: Clock;
  readonly #recorder: Recorder;
  readonly #interpreter: Interpreter;
  readonly #waiting: Waiting;
  readonly #sockets: Sockets | null;
  readonly #untilIdle: boolean;
  readonly #scheduler: WorkerScheduler;
  /** Sleeping tasks by id, and tasks to be released by −1 − id. */
  readonly #timers = new Timers();
  /** Waits in the event loop; every callback there must bring it back. */
  #isParkedInLoop = false;
  /** A turn is on its way by `setImmediate`. */
  #isTurnDue = false;
  #loopTimer: NodeJS.Timeout | undefined;
  /** Since when there has been nothing to poll; NaN while there is. */
  #idleSinceNs = Number.NaN;
  #leave: () => void = () => undefined;

  /** `shared` are the words that the definition asked for. */
  constructor(settings: LoopSettings, definition: RuntimeDefinition, shared: Int32Array) {
    const { worker, workerCount, options, trace, tasks, records, epochNs, queues, sockets } = settings;
    this.#taskCount = trace.taskCount;
    this.#headerI32 = records.headerI32;
    this.#clock = new Clock(epochNs);
    this.#recorder = new Recorder(records, worker);
    this.#interpreter = new Interpreter(trace, tasks, this.#recorder, this.#clock, this);
    const injector = new Injector(queues.injectors[0] as Int32Array);
    this.#waiting = new Waiting({
      worker,
      idle: new Idle(queues.idle),
      injector,
      ring: settings.ring,
      next: () => this.#next(),
      isStopped: () => this.#isStopped(),
    });
    this.#sockets = sockets;
    this.#untilIdle = settings.untilIdle;
    if (sockets !== null) {
      sockets.onReply = (task, sentNs, result) => this.#interpreter.wake(task, sentNs - epochNs, result);
    }
    this.#idCount = trace.taskCount + records.shape.canaryCapacity;
    this.#scheduler = schedulerOf(definition, {
      ...{ worker, workerCount, idCount: this.#idCount, options, shared },
      takeInjected: () => injector.pop(),
      wake: (other) => this.#waiting.wake(other),
    });
  }

  run(): Promise<void> {
    const left = new Promise<void>((resolve) => {
      this.#leave = resolve;
    });
    this.#turn();
    return left;
  }

  resume(): void {
    if (this.#isParkedInLoop && !this.#isTurnDue) this.#turn();
  }

  ready(task: number): void {
    this.#scheduler.ready(task, "woken");
    if (this.#isParkedInLoop) this.#turnSoon();
  }

  readyBeside(task: number): void {
    this.#scheduler.ready(task, "spawned");
  }

  readyLast(task: number): void {
    this.#scheduler.ready(task, "yielded");
  }

  /** No budget is kept here. */
  proceeds(): boolean {
    return true;
  }

  sleepUntil(task: number, atNs: number): void {
    this.#timers.set(atNs, task);
  }

  releaseAt(task: number, atNs: number): void {
    this.#timers.set(atNs, -1 - task);
  }

  echo(task: number, request: EchoRequest): void {
    if (this.#sockets === null) throw new Error("an echo in a trace without connections");
    this.#sockets.send(task, request);
  }

  /** Polls until there is a reason to return to the event loop: a pending reply, or the end. */
  #turn(): void {
    this.#isTurnDue = false;
    if (this.#isParkedInLoop) this.#unparkFromLoop();
    this.#clock.read();
    for (let polls = 0; !this.#isStopped(); polls++) {
      if (polls >= TURN_POLLS && this.#isReplyPending()) {
        this.#turnSoon();
        return;
      }
      if (this.#timers.firstNs <= this.#clock.nowNs) this.#fireTimers();
      const sinceNs = this.#clock.nowNs;
      const id = this.#waiting.take();
      if (id !== EMPTY) {
        this.#endIdle();
        this.#poll(id);
        continue;
      }
      if (this.#isOver()) break;
      if (Number.isNaN(this.#idleSinceNs)) this.#idleSinceNs = sinceNs;
      if (this.#parks()) return;
    }
    this.#endIdle();
    this.#leave();
  }

  #poll(id: number): void {
    if (id < this.#taskCount) this.#interpreter.poll(id);
    else this.#interpreter.runCanary(id - this.#taskCount);
  }

  /** What the scheduler has for this worker now, or EMPTY. */
  #next(): number {
    const id = this.#scheduler.next();
    this.#clock.read();
    if (id < 0) return EMPTY;
    if (id >>> 0 !== id || id >= this.#idCount) {
      throw new Error(`next() answered ${shown(id)}. It must answer an id that is ready, or -1 for none.`);
    }
    return id;
  }

  /** Waits until there may be something to do. true: it waits in the event loop, and the caller must return to it. */
  #parks(): boolean {
    const isReplyPending = this.#isReplyPending();
    if (!this.#waiting.parks(isReplyPending ? IN_LOOP : ON_WORD)) return false;
    this.#recorder.parked();
    const leftMs = (this.#timers.firstNs - this.#clock.now()) / 1e6;
    if (isReplyPending) {
      this.#isParkedInLoop = true;
      if (leftMs < Number.POSITIVE_INFINITY) {
        this.#loopTimer = setTimeout(() => this.resume(), Math.max(1, Math.ceil(leftMs)));
      }
      return true;
    }
    if (leftMs > 0) this.#waiting.wait(leftMs);
    this.#waiting.unpark();
    this.#clock.read();
    return false;
  }

  #unparkFromLoop(): void {
    this.#isParkedInLoop = false;
    clearTimeout(this.#loopTimer);
    this.#waiting.unpark();
  }

  #endIdle(): void {
    if (Number.isNaN(this.#idleSinceNs)) return;
    this.#recorder.idle(this.#idleSinceNs, this.#clock.nowNs);
    this.#idleSinceNs = Number.NaN;
  }

  /** Comes back from the event loop after what is pending there was served. */
  #turnSoon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(() => this.#turn());
  }

  #fireTimers(): void {
    const timers = this.#timers;
    while (timers.firstNs <= this.#clock.nowNs) {
      const what = timers.take();
      if (what >= 0) this.#interpreter.slept(what, timers.takenNs);
      else this.#interpreter.release(-1 - what, timers.takenNs);
    }
  }

  #isReplyPending(): boolean {
    return this.#sockets !== null && this.#sockets.pendingCount > 0;
  }

  #isStopped(): boolean {
    return Atomics.load(this.#headerI32, STOP) !== 0;
  }

  /** Nothing is ready; a loop that nobody else feeds then ends with its last timer and reply. */
  #isOver(): boolean {
    return this.#untilIdle && this.#timers.firstNs === Number.POSITIVE_INFINITY && !this.#isReplyPending();
  }
}

/** The scheduler that a definition makes, or an error that says what it lacks: it comes from outside. */
function schedulerOf(definition: RuntimeDefinition, settings: WorkerSettings): WorkerScheduler {
  const made: unknown = definition.makeScheduler(settings);
  if (isScheduler(made)) return made;
  throw new Error(
    `makeScheduler of ${definition.name} answered ${shown(made)}, not a scheduler. Return { ready(id, cause), next() }.`,
  );
}

function isScheduler(made: unknown): made is WorkerScheduler {
  return (
    typeof made === "object" &&
    made !== null &&
    "ready" in made &&
    typeof made.ready === "function" &&
    "next" in made &&
    typeof made.next === "function"
  );
}
