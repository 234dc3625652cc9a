/**
 * Message ports to the event loops of workers: the only way to wake a thread that waits in libuv.
 *
 * A port has one sender, so there is a channel for every pair of threads of which one may ring at the other.
 */
import { strict as assert } from "node:assert";
import { MessageChannel, type MessagePort } from "node:worker_threads";

/** A thread's ports to each worker's event loop; null: it never rings there. */
export type Bells = readonly (MessagePort | null)[];

/** Wakes the event loop of `worker`. */
export function ring(bells: Bells, worker: number): void {
  const port = bells[worker];
  assert(port, `no bell at the event loop of worker ${worker}`);
  port.postMessage(0);
}

export interface BellTable {
  /** The ports with which thread `from` rings; the releaser comes after the last worker. */
  bellsOf(from: number): Bells;
  /** The ports on which others ring at worker `to`. */
  ownBellsOf(to: number): readonly MessagePort[];
}

/** Channels from the releaser, from the releaser and all workers, or from nobody, to every worker. */
export function bellsBetween(workerCount: number, ringers: "releaser" | "all" | "none"): BellTable {
  const mayRing = (from: number, to: number): boolean =>
    from !== to && (ringers === "all" || (ringers === "releaser" && from === workerCount));
  const channels = Array.from({ length: workerCount + 1 }, (_, from) =>
    Array.from({ length: workerCount }, (_, to) => (mayRing(from, to) ? new MessageChannel() : null)),
  );
  return {
    bellsOf: (from) => {
      const row = channels[from];
      assert(row !== undefined, `thread ${from} of ${channels.length}`);
      return row.map((channel) => (channel === null ? null : channel.port1));
    },
    ownBellsOf: (to) => channels.flatMap((row) => row[to]?.port2 ?? []),
  };
}
