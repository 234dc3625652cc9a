/** A runtime around a user's scheduler: starts its workers, whose loops ask that scheduler what to poll. */

import { strict as assert } from "node:assert";
import { shown } from "../../workloads/parameter.ts";
import { opNames } from "../../workloads/trace/op.ts";
import type { Runtime } from "../runtime.ts";
import { startThreads } from "../threads.ts";
import type { RuntimeDefinition, SharedBy } from "./definition.ts";
import type { ModuleIdentity } from "./module-file.ts";

/** 1 GiB. */
const SHARED_WORDS_LIMIT = 2 ** 28;
/** Digits of a module's hash that are enough to tell two versions of it apart. */
const VERSION_DIGITS = 12;

export function userRuntime(
  definition: RuntimeDefinition,
  { name, identity }: { readonly name: string; readonly identity: ModuleIdentity },
): Runtime {
  const version = `${definition.name} ${identity.sha256.slice(0, VERSION_DIGITS)}`;
  return {
    name,
    summary: definition.summary,
    workers: definition.workers,
    time: "live",
    options: definition.options ?? {},
    ops: new Set(opNames),
    availability: () => ({ available: true, version }),
    start: async (settings) => {
      const { workerCount, options, trace } = settings;
      assert(definition.workers === "many" || workerCount === 1, `${name} has one worker`);
      return startThreads(settings, {
        entry: new URL("./worker.js", import.meta.url),
        workerCount,
        dequeCount: 0,
        injectorCount: 1,
        sharedWords: (of) => sharedWords(definition, { ...of, options }),
        hasThieves: false,
        restsOnTime: false,
        bells: trace.connectionCount > 0 ? "all" : "none",
        forEntry: identity,
      });
    },
  };
}

/** Fresh shared memory of the size that the definition asks for. */
export function sharedWords(definition: RuntimeDefinition, of: SharedBy): Int32Array {
  const words: unknown = definition.sharedWordCount?.(of) ?? 0;
  if (typeof words === "number" && Number.isInteger(words) && words >= 0 && words <= SHARED_WORDS_LIMIT) {
    return new Int32Array(new SharedArrayBuffer(4 * words));
  }
  throw new Error(
    `sharedWordCount of ${definition.name} answered ${shown(words)}. It must answer a whole number up to ${SHARED_WORDS_LIMIT}.`,
  );
}
