/** The cheating runtime, as a module that a plan can name: `…/runtime.js:cheat=drops-a-task`. */

import type { Runtime, RuntimeSettings, StartedRuntime } from "../../../../runtimes/runtime.ts";
import { startThreads } from "../../../../runtimes/threads.ts";
import { policyOptions } from "../../../../runtimes/work-stealing/policy.ts";
import { choice, parseParameters } from "../../../../workloads/parameter.ts";
import { opNames } from "../../../../workloads/trace/op.ts";
import { cheatNamed, cheats, HONEST } from "./cheats.ts";

export const runtime: Runtime = {
  name: "cheat",
  summary: "work-stealing, but for what its option says",
  workers: "many",
  time: "live",
  options: { cheat: choice("how it cheats", [HONEST, ...cheats.map(({ name }) => name)]) },
  ops: new Set(opNames),
  availability: () => ({ available: true, version: "cheat 2" }),
  start,
};

async function start(settings: RuntimeSettings): Promise<StartedRuntime> {
  const cheat = cheatNamed(String(settings.options.cheat));
  const told = cheat?.told?.(settings) ?? settings;
  const parsed = parseParameters(policyOptions, {}, "work-stealing");
  if ("problems" in parsed) throw new Error("a scheduler without options has none that are wrong");
  const started = await startThreads(
    { ...told, options: parsed.values },
    {
      entry: new URL("./worker.js", import.meta.url),
      workerCount: told.workerCount,
      dequeCount: told.workerCount,
      injectorCount: 1,
      hasThieves: true,
      restsOnTime: true,
      bells: told.trace.connectionCount > 0 ? "all" : "none",
      forEntry: cheat?.name ?? HONEST,
    },
  );
  cheat?.onceStarted?.(settings);
  return {
    execute: async () => {
      const stats = await started.execute();
      await cheat?.afterwards?.(settings);
      return stats;
    },
    stop: () => started.stop(),
  };
}
