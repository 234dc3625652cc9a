/** Entry of a worker thread whose scheduler a user's module supplies. */

import { workerData } from "node:worker_threads";
import { idsOf } from "../ids.ts";
import { serveThread } from "../thread.ts";
import { UserLoop } from "./loop.ts";
import { importDefinition } from "./module.ts";
import { sharedWords, type UserEntry } from "./runtime.ts";

const { module, shared }: UserEntry = workerData.forEntry;
const definition = await importDefinition(module);

await serveThread((settings) => {
  const { workerCount, options, records, untilIdle } = settings;
  const idCount = idsOf(records.shape).end;
  // A warm-up is alone and leaves no mark in the memory of the trial.
  const words = untilIdle ? sharedWords(definition, { workerCount, idCount, options }) : shared;
  return new UserLoop(settings, definition, words);
});
