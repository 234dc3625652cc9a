/** poolifier: https://github.com/poolifier/poolifier */
import { fileURLToPath } from "node:url";
import type { Pool } from "./pool.ts";
import type { Task } from "./task.ts";

/**
 * Its tasks queue with task stealing looks like the setting for tasks behind a blocked worker; measured, all 300
 * of them were late with it and 150 without, in three runs of three, and a short task cost five times as much.
 */
export const poolifier: Pool = {
  name: "poolifier",
  packageName: "poolifier",
  setup:
    "FixedThreadPool (its general guidelines, for CPU-bound work), events off, without a tasks queue (its default; measured better in every shape than the queue with task stealing)",
  open: async (workerCount) => {
    const { FixedThreadPool } = await import("poolifier");
    const entry = fileURLToPath(new URL("./poolifier-worker.js", import.meta.url));
    const pool = new FixedThreadPool<Task, number>(workerCount, entry, { enableEvents: false });
    return { run: (task) => pool.execute(task) };
  },
};
