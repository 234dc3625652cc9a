/** Empty tasks: what spawning, scheduling and recording cost by themselves. */
import { choice, count } from "./parameter.ts";
import type { Workload } from "./workload.ts";

export const nullWorkload: Workload = {
  name: "null",
  family: "overhead",
  shows: "what spawning and scheduling an empty task costs: a floor, not a verdict on a runtime",
  parameters: {
    tasks: count("empty tasks", { min: 1, max: 1e7, default: 1e5 }),
    spawn: choice(
      "chained: each finished task spawns the next inside the runtime; injected: all due at 0 from outside",
      ["chained", "injected"],
    ),
    inFlight: count("chains, where spawn=chained", { min: 1, max: 1e5, default: 64 }),
  },
  isCounted: () => true,
  describe: ({ tasks, spawn, inFlight }) => ({
    classes: [{ name: "empty" }],
    measured: "empty",
    windowNs: 0,
    connectionCount: 0,
    streams: [
      {
        release:
          spawn === "injected"
            ? { loop: "open", arrivals: { kind: "at-once", count: Number(tasks) } }
            : { loop: "closed", sessionCount: Number(inFlight), taskCount: Number(tasks), thinkNs: 0 },
        variants: [{ share: 1, class: "empty", ops: [] }],
      },
    ],
  }),
};
