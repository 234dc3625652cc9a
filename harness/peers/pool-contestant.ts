/** A worker pool as a contestant: a process of its own a job, see `pools/pool-process.ts`. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runChild } from "./child.ts";
import type { Contestant } from "./contestant.ts";
import type { Pool } from "./pools/pool.ts";
import type { PoolOrder } from "./pools/pool-process.ts";
import { UNITS_VARIABLE } from "./pools/task.ts";
import type { Work } from "./work.ts";

const entry = fileURLToPath(new URL("./pools/pool-process.js", import.meta.url));

export function poolContestant({ name, packageName, setup }: Pool): Contestant {
  return {
    name,
    family: "pool",
    setup,
    only: null,
    prepare: () => {
      const version = installedVersion(packageName);
      return version === null ? { absent: `${packageName} is not installed. Run npm ci.` } : { version };
    },
    run: ({ job, seedsPath, warmUpCount }: Work) => {
      const order: PoolOrder = { pool: name, job, seedsPath, warmUpCount };
      const flags = job.kind === "memory" ? ["--expose-gc"] : [];
      return runChild({
        command: process.execPath,
        parameters: [...flags, entry, JSON.stringify(order)],
        environment: { [UNITS_VARIABLE]: String(job.units) },
      });
    },
  };
}

function installedVersion(name: string): string | null {
  try {
    const path = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
    const manifest: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof manifest === "object" && manifest !== null && "version" in manifest
      ? String(manifest.version)
      : null;
  } catch {
    return null;
  }
}
