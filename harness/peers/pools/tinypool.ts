/** tinypool, a smaller piscina: https://github.com/tinylibs/tinypool */
import type { Pool } from "./pool.ts";

/** As piscina's, measured the same way. */
const TASKS_PER_WORKER = { short: 32, blocking: 1 } as const;

export const tinypool: Pool = {
  name: "tinypool",
  packageName: "tinypool",
  setup:
    "a fixed number of threads that never time out, useAtomics on (its default); concurrentTasksPerWorker 32 for short tasks (measured best), else 1",
  open: async (workerCount, load) => {
    const { Tinypool } = await import("tinypool");
    const pool = new Tinypool({
      filename: new URL("./task.js", import.meta.url).href,
      name: "perform",
      minThreads: workerCount,
      maxThreads: workerCount,
      idleTimeout: Number.POSITIVE_INFINITY,
      useAtomics: true,
      concurrentTasksPerWorker: TASKS_PER_WORKER[load],
    });
    return { run: (task) => pool.run(task) };
  },
};
