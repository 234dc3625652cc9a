/** Entry of a worker thread whose scheduler a user's module supplies. */

import { workerData } from "node:worker_threads";
import { serveThread } from "../thread.ts";
import { UserLoop } from "./loop.ts";
import { importDefinition, type ModuleIdentity } from "./module-file.ts";
import { sharedWords } from "./runtime.ts";

const module: ModuleIdentity = workerData.forEntry;
const definition = await importDefinition(module);
const { options } = workerData;

await serveThread(
  (settings) => new UserLoop(settings, definition),
  (of) => sharedWords(definition, { ...of, options }),
);
