/** Tasks on a pool: how they are submitted, and what came of each. */
import type { OpenPool } from "./pool.ts";

/** Tasks, submitted one by one, and what came of them. */
export class Batch {
  readonly seeds: Uint32Array;
  readonly checksums: Uint32Array;
  /** When each was submitted and when its promise was kept, on CLOCK_MONOTONIC. Written where a shape asks for it. */
  readonly submittedNs: Float64Array;
  readonly endedNs: Float64Array;
  doneCount = 0;
  readonly #pool: OpenPool;
  #allDone: () => void = () => undefined;
  #failed: (error: unknown) => void = () => undefined;
  /** Resolves when all are done, rejects when one failed. */
  readonly done: Promise<void>;

  constructor(pool: OpenPool, seeds: Uint32Array) {
    this.#pool = pool;
    this.seeds = seeds;
    this.checksums = new Uint32Array(seeds.length);
    this.submittedNs = new Float64Array(seeds.length);
    this.endedNs = new Float64Array(seeds.length);
    this.done = new Promise((resolve, reject) => {
      this.#allDone = resolve;
      this.#failed = reject;
    });
  }

  /** `onEnd` is called when the task's promise is kept. */
  submit(task: number, onEnd: (task: number) => void): void {
    this.#pool.run(this.seeds[task] as number).then((checksum) => {
      this.checksums[task] = checksum;
      onEnd(task);
      if (++this.doneCount === this.seeds.length) this.#allDone();
    }, this.#failed);
  }
}

/** The end of task k submits task k + inFlight. */
export function closedLoop(batch: Batch, inFlight: number): Promise<void> {
  const submitNext = (task: number): void => {
    const next = task + inFlight;
    if (next < batch.seeds.length) batch.submit(next, submitNext);
  };
  for (let task = 0; task < Math.min(inFlight, batch.seeds.length); task++) batch.submit(task, submitNext);
  return batch.done;
}

/** Submits all at once. */
export function injected(batch: Batch): Promise<void> {
  for (let task = 0; task < batch.seeds.length; task++) batch.submit(task, () => undefined);
  return batch.done;
}
