/** piscina: https://github.com/piscinajs/piscina. It takes part twice, as documented and at its best for tasks this short. */
import type { Load, OpenPool, Pool } from "./pool.ts";

/**
 * The options page says of more than one task a worker that it is for tasks with an asynchronous part; without
 * such advice the default is 1. For short tasks more doubles and triples the rate all the same (one message wakes
 * the worker for many), and from 32 on no more was gained. A task behind a blocked worker would wait with it, so
 * there the advice is kept.
 */
const DOCUMENTED = 1;
const atItsBest = (load: Load): number => (load === "short" ? 32 : 1);

const setup =
  "a fixed number of threads that never time out, FixedQueue, atomics sync, recordTiming off (its README, Performance Notes and options)";

export const piscina: Pool = {
  name: "piscina",
  packageName: "piscina",
  setup: `${setup}; one task a worker at a time, as documented for tasks without an asynchronous part`,
  open: (workerCount) => open(workerCount, DOCUMENTED),
};

export const batchedPiscina: Pool = {
  name: "piscina:concurrentTasksPerWorker=32",
  packageName: "piscina",
  setup: `${setup}; concurrentTasksPerWorker 32 for short tasks (measured best), else 1`,
  open: (workerCount, load) => open(workerCount, atItsBest(load)),
};

async function open(workerCount: number, tasksPerWorker: number): Promise<OpenPool> {
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
    concurrentTasksPerWorker: tasksPerWorker,
  });
  return { run: (task) => pool.run(task) };
}
