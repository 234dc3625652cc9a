/**
 * The loop of a worker whose scheduler a user supplies: asks it for the next id, and waits on its behalf.
 *
 * The clock is read after each answer: what a scheduler takes to decide is waiting, not the next task's service.
 */
import { shown } from "../../workloads/parameter.ts";
import { type Ids, idsOf } from "../ids.ts";
import { ParkingLoop } from "../parking-loop.ts";
import type { Records } from "../records.ts";
import type { LoopSettings } from "../thread.ts";
import { Idle } from "../work-stealing/idle.ts";
import { EMPTY, Injector } from "../work-stealing/injector.ts";
import type { RuntimeDefinition, WorkerScheduler, WorkerSettings } from "./definition.ts";
import { isDone } from "./done.ts";
import { Waiting } from "./waiting.ts";

/** Polls after which the event loop turns while replies are pending. As the event interval of the others. */
const TURN_POLLS = 61;

export class UserLoop extends ParkingLoop {
  readonly #waiting: Waiting;
  readonly #scheduler: WorkerScheduler;
  readonly #ids: Ids;
  readonly #idCount: number;
  readonly #records: Records;
  readonly #isTrial: boolean;

  constructor(settings: LoopSettings, definition: RuntimeDefinition) {
    super({ ...settings, eventInterval: TURN_POLLS, timerGranularityNs: 0 });
    const { worker, workerCount, options, records, queues, shared, ring, isTrial } = settings;
    const injector = new Injector(queues.injectors[0] as Int32Array);
    this.#waiting = new Waiting({
      worker,
      idle: new Idle(queues.idle),
      injector,
      ring,
      next: () => this.#next(),
      isStopped: () => this.isStopped(),
    });
    this.#ids = idsOf(records.shape);
    this.#idCount = this.#ids.end;
    this.#records = records;
    this.#isTrial = isTrial;
    this.#scheduler = schedulerOf(definition, {
      ...{ worker, workerCount, idCount: this.#idCount, options, shared },
      takeInjected: () => injector.pop(),
      wake: (other) => this.#waiting.wake(other),
    });
  }

  protected get parker(): Waiting {
    return this.#waiting;
  }

  ready(task: number): void {
    this.#scheduler.ready(task, "woken");
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

  /** Each poll is a tick. */
  protected follower(): number {
    return EMPTY;
  }

  protected beginTick(): number {
    return this.#waiting.take();
  }

  protected handOn(): void {
    // What waits in a user's queues is the user's.
  }

  protected beginPolling(): void {
    this.clock.read();
  }

  /** What the scheduler has for this worker now, or EMPTY. */
  #next(): number {
    const id = this.#scheduler.next();
    this.clock.read();
    if (id < 0) return EMPTY;
    if (id >>> 0 !== id || id >= this.#idCount) {
      throw new Error(`next() answered ${shown(id)}. It must answer an id that is ready, or -1 for none.`);
    }
    // In a trial the judge finds it. Before one, a scheduler that repeats itself would go on for ever.
    if (!this.#isTrial && isDone(this.#records, this.#ids, id)) {
      throw new Error(
        `next() answered ${id}, which is done. Each id given to ready or taken from takeInjected must come out of next() once: remove what you answer.`,
      );
    }
    return id;
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
