/**
 * The runtime `single-thread`: the Node event loop.
 *
 * It runs on a worker thread, because the process's main thread belongs to the witness; libuv, timers and
 * sockets are the same there.
 */
import { strict as assert } from "node:assert";
import { opNames } from "../../workloads/trace/op.ts";
import type { Runtime } from "../runtime.ts";
import { startThreads } from "../threads.ts";

export const singleThread: Runtime = {
  name: "single-thread",
  summary: "the Node event loop: one thread, one queue, Node's own timers and sockets",
  workers: "one",
  time: "live",
  options: {},
  ops: new Set(opNames),
  availability: () => ({ available: true, version: `node ${process.versions.node}` }),
  start: async (settings) => {
    assert(settings.workerCount === 1, "single-thread has one worker");
    return startThreads(settings, {
      entry: new URL("./worker.js", import.meta.url),
      workerCount: 1,
      dequeCount: 0,
      injectorCount: 1,
      hasThieves: false,
      restsOnTime: false,
      bells: "releaser",
    });
  },
};
