/** poolifier: https://github.com/poolifier/poolifier */
import { fileURLToPath } from "node:url";
import type { Pool } from "./pool.ts";
import type { Task } from "./task.ts";

export const poolifier: Pool = {
  name: "poolifier",
  setup:
    "FixedThreadPool (its general guidelines, for CPU-bound work), events off; short tasks without a tasks queue (the default, measured five times as fast as with one), others with the queue and task stealing",
  open: async (workerCount, load) => {
    const { FixedThreadPool } = await import("poolifier");
    const entry = fileURLToPath(new URL("./poolifier-worker.js", import.meta.url));
    const pool = new FixedThreadPool<Task, number>(workerCount, entry, {
      enableEvents: false,
      ...(load === "short"
        ? {}
        : { enableTasksQueue: true, tasksQueueOptions: { taskStealing: true, tasksStealingOnBackPressure: true } }),
    });
    return { run: (task) => pool.execute(task) };
  },
};
