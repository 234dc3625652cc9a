/**
 * A noisy neighbour: a process that burns CPU on so many threads for so many milliseconds, and then ends.
 *
 * Says "burning" once its threads do. It ends with whoever started it, too: when its standard input does.
 */
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { Worker } from "node:worker_threads";

const [threadCount, limitMs] = process.argv.slice(2).map(Number);
assert(threadCount !== undefined && limitMs !== undefined, "usage: neighbour <threads> <ms>");
process.stdin.on("end", () => process.exit(0)).resume();
setTimeout(() => process.exit(0), limitMs);

const burn = `
  require("node:worker_threads").parentPort.postMessage("burning");
  const end = Date.now() + ${limitMs};
  while (Date.now() < end);
`;
const threads = Array.from({ length: threadCount }, () => new Worker(burn, { eval: true }));
await Promise.all(threads.map((thread) => once(thread, "message")));
process.stdout.write("burning\n");
