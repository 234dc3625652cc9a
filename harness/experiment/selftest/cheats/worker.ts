/** Entry of a worker thread of the cheating runtime: an honest loop, tampered with once its warm-up is over. */
import { workerData } from "node:worker_threads";
import { serveThread, type WorkerStart } from "../../../../runtimes/thread.ts";
import { StealingLoop } from "../../../../runtimes/work-stealing/loop.ts";
import { cheatNamed } from "./cheats.ts";

const { forEntry }: WorkerStart = workerData;

await serveThread((settings) => {
  if (settings.isTrial) cheatNamed(String(forEntry))?.inWorker?.(settings);
  return new StealingLoop(settings);
});
