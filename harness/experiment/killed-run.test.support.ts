/** A run in a process of its own, to be killed: `node killed-run.test.support.js <folder>`. */
import { strict as assert } from "node:assert";
import { twoCores } from "../trial/fake-runtimes.test.support.ts";
import { scripted, smallDraft } from "./scripted-trial.test.support.ts";
import { runExperiment } from "./start.ts";

const [, , folder] = process.argv;
assert(folder !== undefined);
await runExperiment({
  draft: smallDraft({ rounds: 10 }),
  cores: twoCores,
  folder,
  runTrial: scripted(["complete"]),
  onProgress: ({ kind }) => {
    if (kind === "planned" || kind === "ended") process.stdout.write(`${kind}\n`);
  },
});
