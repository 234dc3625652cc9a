/**
 * Runs every bench of the tree, one after the other, each in a process of its own: `npm run bench [-- name …]`.
 * Each prints what it measured beside its goal, with n. Speeds are never asserted in a test.
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const built = dirname(dirname(fileURLToPath(import.meta.url)));
const wanted = process.argv.slice(2);
const benches = readdirSync(built, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".bench.js"))
  .filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)))
  .sort();

let failedCount = benches.length === 0 ? 1 : 0;
if (benches.length === 0) console.error(`no bench matches ${wanted.join(" ")}`);
for (const bench of benches) {
  console.log(`\n${bench.replace(/\.js$/, "")}`);
  if (spawnSync(process.execPath, [join(built, bench)], { stdio: "inherit" }).status !== 0) failedCount++;
}
process.exitCode = failedCount === 0 ? 0 : 1;
