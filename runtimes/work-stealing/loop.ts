/** The loop of a worker that steals: when a tick begins and how far it goes, around the core. */
import { ParkingLoop } from "../parking-loop.ts";
import { recordsHeaderRow } from "../record.ts";
import type { LoopSettings } from "../thread.ts";
import { Core } from "./core.ts";
import { EMPTY } from "./injector.ts";
import { LookInterval } from "./look-interval.ts";
import { policyOf } from "./policy.ts";

const STOP = recordsHeaderRow.index.stop;

export class StealingLoop extends ParkingLoop {
  readonly #core: Core;
  readonly #lookInterval: LookInterval;
  /** Ops that need not wait which a tick may perform. */
  readonly #budgetOfTick: number;
  /** And which this one still may. */
  #budget: number;
  /** Ticks since the last look at the injector. */
  #ticks = 0;

  constructor(settings: LoopSettings) {
    const policy = policyOf(settings.options);
    const { eventInterval, timerGranularityNs } = policy;
    super({ ...settings, eventInterval, timerGranularityNs });
    const { worker, workerCount, records, queues, ring } = settings;
    this.#core = new Core({
      worker,
      workerCount,
      queues,
      kind: policy.queues,
      hasLifoSlot: policy.hasLifoSlot,
      stop: { words: records.headerI32, at: STOP },
      tally: this.recorder,
      ring,
    });
    this.#lookInterval = new LookInterval(policy.globalInterval);
    this.#budgetOfTick = policy.budget;
    this.#budget = policy.budget;
  }

  protected get parker(): Core {
    return this.#core;
  }

  ready(task: number): void {
    this.#core.ready(task);
  }

  readyBeside(task: number): void {
    this.#core.readyBeside(task);
  }

  readyLast(task: number): void {
    this.#core.readyLast(task);
  }

  proceeds(): boolean {
    if (this.#budget === 0) return false;
    this.#budget--;
    return true;
  }

  protected follower(): number {
    return this.#core.follower(this.#budget > 0);
  }

  protected beginTick(): number {
    this.#budget = this.#budgetOfTick;
    const isLookDue = ++this.#ticks > this.#lookInterval.ticks;
    if (isLookDue) {
      // Polls that end in a yield read no clock.
      this.clock.read();
      this.#lookInterval.look(this.clock.nowNs, this.#ticks - 1);
      this.#ticks = 0;
    }
    const id = this.#core.next(isLookDue);
    if (id !== EMPTY && this.#core.tookFromOthers) this.clock.read();
    return id;
  }

  protected handOn(): void {
    this.#core.handOn();
  }

  /** What is polled from here on says how long polls are. */
  protected beginPolling(): void {
    this.clock.read();
    this.#lookInterval.begin(this.clock.nowNs);
    this.#ticks = 0;
  }
}
