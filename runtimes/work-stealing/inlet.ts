/** The way into the runtime from outside: publishes ids and sees to it that a worker comes for them. */
import type { QueueMemory } from "./core.ts";
import { Idle, NOBODY } from "./idle.ts";
import { Injector } from "./injector.ts";

/** Which of `partitionCount` partitions `id` belongs to: spread evenly, whatever the pattern of the ids (the finalizer of MurmurHash3; Appleby). */
export function partitionOf(id: number, partitionCount: number): number {
  let h = id + 1;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) % partitionCount;
}

export class Inlet {
  readonly #injectors: readonly Injector[];
  readonly #idle: Idle;
  readonly #ring: (worker: number) => void;

  /** `ring` sends a message to the event loop of a worker. */
  constructor(queues: Pick<QueueMemory, "injectors" | "idle">, ring: (worker: number) => void) {
    this.#injectors = queues.injectors.map((words) => new Injector(words));
    this.#idle = new Idle(queues.idle);
    this.#ring = ring;
  }

  /** Publishes the first `count` of `ids`, in their order. */
  push(ids: Int32Array, count: number): void {
    const [first] = this.#injectors;
    if (this.#injectors.length === 1 && first !== undefined) {
      first.push(ids, count);
      this.#answer(this.#idle.wakeOne());
      return;
    }
    for (let index = 0; index < count; index++) {
      const id = ids[index] as number;
      const worker = partitionOf(id, this.#injectors.length);
      (this.#injectors[worker] as Injector).pushOne(id);
      this.#answer(this.#idle.interrupt(worker));
    }
  }

  #answer(worker: number): void {
    if (worker !== NOBODY) this.#ring(worker);
  }
}
