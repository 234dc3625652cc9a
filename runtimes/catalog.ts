/** Every runtime, one line each. */
import type { Runtime } from "./runtime.ts";

export const runtimes: readonly Runtime[] = [];
