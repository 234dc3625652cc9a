/** How long `isoload quick` takes, from the shell's point of view. Goal: at most 30 s. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROUNDS = 3;

const main = fileURLToPath(new URL("./main.js", import.meta.url));
const seconds = Array.from({ length: ROUNDS }, () => {
  const cwd = mkdtempSync(join(tmpdir(), "isoload-quick-"));
  const startNs = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, [main, "quick"], { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  rmSync(cwd, { recursive: true });
  return Number(process.hrtime.bigint() - startNs) / 1e9;
}).sort((a, b) => a - b);
console.log(
  `quick: median ${seconds[ROUNDS >> 1]?.toFixed(1)} s, at most ${seconds.at(-1)?.toFixed(1)} s (goal ≤ 30, n = ${ROUNDS})`,
);
