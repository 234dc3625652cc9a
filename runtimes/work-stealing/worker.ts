/** Entry of a worker thread of the work-stealing runtime. */
import { serveThread } from "../thread.ts";
import { StealingLoop } from "./loop.ts";

await serveThread((settings) => new StealingLoop(settings));
