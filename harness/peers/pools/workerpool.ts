/** workerpool: https://github.com/josdejong/workerpool */
import { fileURLToPath } from "node:url";
import type { Pool } from "./pool.ts";

export const workerpool: Pool = {
  name: "workerpool",
  packageName: "workerpool",
  setup:
    "threads (workerType thread), all of them started at once and kept, a dedicated worker script (its README); it has no setting for more than one task a worker",
  open: async (workerCount) => {
    const { default: package_ } = await import("workerpool");
    const entry = fileURLToPath(new URL("./workerpool-worker.js", import.meta.url));
    const pool = package_.pool(entry, {
      workerType: "thread",
      minWorkers: workerCount,
      maxWorkers: workerCount,
    });
    // Its promise is not a native one; what is awaited here is.
    return {
      run: (task) => new Promise((resolve, reject) => pool.exec("perform", [task]).then(resolve, reject)),
    };
  },
};
