/**
 * Tasks through the scheduler's core, with conservation: every id that was issued is seen exactly once.
 *
 * This thread is the releaser. It releases heads of families in batches, and every few batches waits until all is
 * polled and the workers sleep. A round ends when all its tasks are polled, or, in a cycle, at a moment that
 * nobody waited for: then what was not polled must still be in the queues. Threads stay; cores and queues are
 * new in each round. No progress for long is a finding, not an error: ids are lost, or a worker sleeps.
 */
import { once } from "node:events";
import { setImmediate, setTimeout } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { Deque } from "./deque.ts";
import { Idle } from "./idle.ts";
import { EMPTY, Injector } from "./injector.ts";
import { Inlet } from "./inlet.ts";
import {
  allocateStress,
  FAMILY,
  LEFT_COUNT,
  NO_MORE,
  POLLS,
  policies,
  queuesOf,
  ROUND,
  STOP,
  type StressMemory,
  TASKS_A_ROUND,
} from "./stress-round.ts";
import type { StressStart } from "./stress-thread.ts";

export interface StressSettings {
  readonly workerCount: number;
  readonly taskCount: number;
  /** Rounds of a few tasks that are stopped at once, after all others. */
  readonly cycleCount: number;
  /** URL of the module whose `Core` is driven. */
  readonly coreModule: string;
  /** For how long nothing may move. */
  readonly stallLimitMs: number;
  readonly onProgress: (tasksDone: number, cyclesDone: number) => void;
}

export interface StressResult {
  readonly taskCount: number;
  readonly cycleCount: number;
  /** Ids that were issued and not seen. */
  readonly lostCount: number;
  /** Sightings beyond the first, or of ids that were not issued. */
  readonly repeatedCount: number;
  /** Why it ended early, or null. */
  readonly stalled: string | null;
}

/** Heads of families a batch. */
const BATCH = 64;
/** Batches between two waits until everybody sleeps. */
const BURST = 32;
/** Heads that a cycle releases. */
const CYCLE_HEADS = 4;
/** How long a thread's error may take to come here. */
const ERROR_LIMIT_MS = 200;
/** Between two looks at the workers' counters. */
const LOOK_MS = 0.2;

export async function stress(settings: StressSettings): Promise<StressResult> {
  const memory = allocateStress(settings.workerCount);
  const entry = new URL("./stress-thread.js", import.meta.url);
  const threads = Array.from({ length: settings.workerCount }, (_, worker) => {
    const start: StressStart = { worker, memory, coreModule: settings.coreModule };
    return new Worker(entry, { workerData: start });
  });
  // Rejects when a thread throws.
  const ended = Promise.all(threads.map((thread) => once(thread, "exit")));
  ended.catch(() => undefined);
  try {
    await Promise.all(threads.map((thread) => once(thread, "message")));
    const result = await new Trial(settings, memory).run();
    Atomics.store(memory.control, ROUND, NO_MORE);
    Atomics.notify(memory.control, ROUND);
    // A thread that threw shows as a stall at first, and its error comes here.
    await (result.stalled === null ? ended : Promise.race([ended, setTimeout(ERROR_LIMIT_MS)]));
    return result;
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

class Trial {
  readonly #settings: StressSettings;
  readonly #memory: StressMemory;
  #round = 0;
  #lostCount = 0;
  #repeatedCount = 0;
  #stalled: string | null = null;

  constructor(settings: StressSettings, memory: StressMemory) {
    this.#settings = settings;
    this.#memory = memory;
  }

  async run(): Promise<StressResult> {
    const { taskCount, cycleCount, onProgress } = this.#settings;
    let tasksDone = 0;
    let cyclesDone = 0;
    while (tasksDone < taskCount && this.#stalled === null) {
      // Whole families, so that the last round may issue up to seven tasks more than asked.
      const headCount = Math.ceil(Math.min(TASKS_A_ROUND, taskCount - tasksDone) / FAMILY);
      this.#playRound(headCount, true);
      tasksDone += headCount * FAMILY;
      onProgress(tasksDone, cyclesDone);
      await setImmediate();
    }
    while (cyclesDone < cycleCount && this.#stalled === null) {
      this.#playRound(CYCLE_HEADS, false);
      onProgress(tasksDone, ++cyclesDone);
      await setImmediate();
    }
    const [lostCount, repeatedCount] = [this.#lostCount, this.#repeatedCount];
    return { taskCount: tasksDone, cycleCount: cyclesDone, lostCount, repeatedCount, stalled: this.#stalled };
  }

  /** From new queues to the stop. The stop waits until all is polled, or not. */
  #playRound(headCount: number, isWhole: boolean): void {
    const { control, idle, injectors, deques, issued, seen, workerCount } = this.#memory;
    const policy = policies[++this.#round % policies.length];
    if (policy === undefined) throw new Error(`no policy for round ${this.#round}`);
    for (const words of [idle, ...injectors, ...deques]) words.fill(0);
    for (const counts of [issued, seen]) counts.fill(0);
    for (const word of [STOP, LEFT_COUNT, ...this.#pollWords()]) Atomics.store(control, word, 0);
    Atomics.store(control, ROUND, this.#round);
    Atomics.notify(control, ROUND);
    const queues = queuesOf(this.#memory, policy.kind);
    this.#release(new Inlet(queues, () => undefined), headCount, isWhole);
    Atomics.store(control, STOP, 1);
    const idleSet = new Idle(idle);
    for (let worker = 0; worker < workerCount; worker++) idleSet.interrupt(worker);
    const hasLeft = this.#waitFor(LEFT_COUNT, () => Atomics.load(control, LEFT_COUNT) === workerCount);
    if (!hasLeft) this.#stalled ??= "a worker did not leave at the stop";
    else this.#seeWhatIsLeft();
    this.#count(isWhole ? headCount * FAMILY : 0);
  }

  #release(inlet: Inlet, headCount: number, isWhole: boolean): void {
    const { issued } = this.#memory;
    const batch = new Int32Array(BATCH);
    for (let released = 0, batchCount = 1; released < headCount; batchCount++) {
      const count = Math.min(BATCH, headCount - released);
      for (let index = 0; index < count; index++) {
        const id = (released + index) * FAMILY;
        batch[index] = id;
        Atomics.add(issued, id, 1);
      }
      inlet.push(batch, count);
      released += count;
      const isPause = batchCount % BURST === 0 || released === headCount;
      if (isWhole && isPause && !this.#arePolled(released * FAMILY)) return;
    }
  }

  /** Waits until that many tasks are polled. false: nothing moves any more. */
  #arePolled(taskCount: number): boolean {
    const isDone = this.#waitFor(POLLS, () => this.#pollCount() >= taskCount);
    if (!isDone) this.#stalled = `${this.#pollCount()} of ${taskCount} tasks polled, and nobody goes on`;
    return isDone;
  }

  /** Looks again and again, until it is so or nothing has been polled for too long. */
  #waitFor(word: number, isSo: () => boolean): boolean {
    const { control } = this.#memory;
    let pollCount = -1;
    for (let quietMs = 0; quietMs < this.#settings.stallLimitMs; ) {
      if (isSo()) return true;
      const beforeMs = performance.now();
      Atomics.wait(control, word, Atomics.load(control, word), LOOK_MS);
      const isMoving = this.#pollCount() !== pollCount;
      quietMs = isMoving ? 0 : quietMs + performance.now() - beforeMs;
      pollCount = this.#pollCount();
    }
    return isSo();
  }

  #pollWords(): readonly number[] {
    return Array.from({ length: this.#memory.workerCount }, (_, worker) => POLLS + 16 * worker);
  }

  #pollCount(): number {
    return this.#pollWords().reduce((sum, word) => sum + Atomics.load(this.#memory.control, word), 0);
  }

  /** After the workers have left: what is still in the queues is seen. */
  #seeWhatIsLeft(): void {
    const { injectors, deques, seen } = this.#memory;
    const see = (id: number): void => void Atomics.add(seen, id, 1);
    for (const words of injectors) {
      const injector = new Injector(words);
      for (let id = injector.pop(); id !== EMPTY; id = injector.pop()) see(id);
    }
    for (const words of deques) {
      const victim = new Deque(words);
      const drain = new Deque(new Int32Array(words.length));
      for (let id = drain.stealFrom(victim); id !== EMPTY; id = drain.stealFrom(victim)) {
        for (; id !== EMPTY; id = drain.pop()) see(id);
      }
    }
  }

  /** What was issued must have been seen once, and nothing else; the first `wholeCount` ids had to be issued. */
  #count(wholeCount: number): void {
    const { issued, seen } = this.#memory;
    for (let id = 0; id < TASKS_A_ROUND; id++) {
      const due = id < wholeCount || (issued[id] as number) > 0 ? 1 : 0;
      const times = seen[id] as number;
      if (times < due) this.#lostCount++;
      else this.#repeatedCount += times - due;
    }
  }
}
