/** piscina: https://github.com/piscinajs/piscina */
import type { Pool } from "./pool.ts";

/**
 * The options page says of more than one task a worker that it is for tasks with an asynchronous part. For short
 * tasks it doubles and triples the rate all the same (one message wakes the worker for many), and from 32 on no
 * more was gained. A task behind a blocked worker would wait with it, so there the advice is kept.
 */
const TASKS_PER_WORKER = { short: 32, blocking: 1 } as const;

export const piscina: Pool = {
  name: "piscina",
  setup:
    "a fixed number of threads that never time out, FixedQueue, atomics sync, recordTiming off (its README, Performance Notes and options); concurrentTasksPerWorker 32 for short tasks (measured best), else 1",
  open: async (workerCount, load) => {
    const { FixedQueue, Piscina } = await import("piscina");
    const pool = new Piscina({
      filename: new URL("./task.js", import.meta.url).href,
      name: "perform",
      minThreads: workerCount,
      maxThreads: workerCount,
      idleTimeout: Number.POSITIVE_INFINITY,
      taskQueue: new FixedQueue(),
      atomics: "sync",
      recordTiming: false,
      concurrentTasksPerWorker: TASKS_PER_WORKER[load],
    });
    return { run: (task) => pool.run(task) };
  },
};
