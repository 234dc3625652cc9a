/** Every runtime, one line each. */
import { ideal } from "./ideal/ideal.ts";
import { native, nativeCurrentThread } from "./native/native.ts";
import type { Runtime } from "./runtime.ts";
import { singleThread } from "./single-thread/single-thread.ts";
import { workStealing } from "./work-stealing/work-stealing.ts";

export const runtimes: readonly Runtime[] = [ideal, singleThread, workStealing, native, nativeCurrentThread];
