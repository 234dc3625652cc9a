/** Entry of a thread that explores cases for `exploreApart`: one a message, on the code as it stands. */
import { strict as assert } from "node:assert";
import { parentPort } from "node:worker_threads";
import { loadCode } from "./code.ts";
import { explore } from "./explore.ts";
import type { Request } from "./explore-apart.ts";
import { allCases } from "./suites.ts";

assert(parentPort !== null, "the explorer's entry runs in a worker thread");
const port = parentPort;
const cases = new Map(allCases(await loadCode(null)).map((one) => [one.name, one]));

port.on("message", ({ name, preemptions }: Request) => {
  const asked = cases.get(name);
  assert(asked !== undefined, `no case "${name}"`);
  port.postMessage(explore({ ...asked, bounds: { ...asked.bounds, preemptions } }));
});
