/** Users' own runtimes, outside of a plan: loaded by path, for a listing or for the conformance table. */
import { resolve } from "node:path";
import type { Runtime } from "../../runtimes/runtime.ts";
import { loadRuntimeModule } from "../../runtimes/user/module.ts";
import type { Problem } from "../../workloads/parameter.ts";

/** The runtimes in the modules at `paths`, which start at the working directory; and what is wrong with the others. */
export async function loadUserRuntimes(paths: readonly string[]): Promise<{
  readonly runtimes: readonly Runtime[];
  readonly problems: readonly Problem[];
}> {
  const runtimes: Runtime[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    const loaded = await loadRuntimeModule(resolve(path), path);
    if ("wrong" in loaded) problems.push({ where: path, message: loaded.wrong });
    else runtimes.push(loaded.runtime);
  }
  return { runtimes, problems };
}
