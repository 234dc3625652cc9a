/**
 * The conformance table on a user's runtime, in a process of its own: a runtime that does not come back leaves
 * threads behind, which end with it. Says each case on the channel, and that it was the last: a module may end the
 * process before, and call that a success. Ends when its standard input does.
 */
import { strict as assert } from "node:assert";
import { type Conformance, conformanceOf } from "../../../runtimes/conformance/conformance.ts";
import { loadRuntimeModule } from "../../../runtimes/user/module.ts";
import type { ParameterValues } from "../../../workloads/parameter.ts";
import { say } from "../../trial/channel.ts";

export type Said = Conformance | { readonly isWhole: true };

const [path, given] = process.argv.slice(2);
assert(path !== undefined && given !== undefined, "usage: conformance-process <path> <options as JSON>");
process.stdin.on("end", () => process.kill(process.pid, "SIGKILL")).resume();

const loaded = await loadRuntimeModule(path, path);
if ("wrong" in loaded) throw new Error(loaded.wrong);
const { runtime } = loaded;
const options: ParameterValues = JSON.parse(given);
const workerCount = runtime.workers === "one" ? 1 : 2;
for await (const conformance of conformanceOf({ runtime, workerCount, options })) say(conformance);
say({ isWhole: true } satisfies Said);
process.exit(0);
