/** Entry of a worker thread whose scheduler a user's module supplies. */

import { workerData } from "node:worker_threads";
import { idsOf } from "../ids.ts";
import { serveThread } from "../thread.ts";
import { UserLoop } from "./loop.ts";
import { importDefinition, type ModuleIdentity } from "./module.ts";
import { sharedWords } from "./runtime.ts";

const module: ModuleIdentity = workerData.forEntry;
const definition = await importDefinition(module);

await serveThread((settings) => {
  const { workerCount, options, records, untilIdle } = settings;
  const idCount = idsOf(records.shape).end;
  // Whoever warms up alone has memory of its own.
  const words = untilIdle ? sharedWords(definition, { workerCount, idCount, options }) : settings.shared;
  return new UserLoop(settings, definition, words);
});
