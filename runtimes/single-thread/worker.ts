/** Entry of the one worker thread of the single-thread runtime. */
import { serveThread } from "../thread.ts";
import { EventLoop } from "./loop.ts";

await serveThread((settings) => new EventLoop(settings));
