/** The modules that a plan names as runtimes: loaded before the plan is parsed, which waits for nothing. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { loadRuntimeModule, type RuntimeModule } from "../../runtimes/user/module.ts";
import { isModulePath } from "../../runtimes/user/module-file.ts";
import { splitItems } from "./item.ts";
import { type Given, type Layer, valuesOf } from "./layer.ts";

/** By absolute path: each module that was named, or the sentence on why it is no runtime. */
export type RuntimeModules = ReadonlyMap<string, RuntimeModule | { readonly wrong: string }>;

/** Where a module stands that was named in `given`: a path in a file is relative to that file. */
export function modulePath(name: string, { folder }: Given): string {
  return resolve(folder, name);
}

/** Loads, and so executes, every module that is named as a runtime. What is no path is left to the parser. */
export async function loadRuntimeModules(layers: readonly Layer[]): Promise<RuntimeModules> {
  // What is wrong with the settings themselves the parser says.
  const reading = { layers, problems: [], notes: [] };
  const modules = new Map<string, RuntimeModule | { readonly wrong: string }>();
  for (const key of ["runtimes", "require"] as const) {
    for (const given of valuesOf(reading, key, "many")) {
      for (const name of namesIn(given).filter(isModulePath)) {
        const path = modulePath(name, given);
        if (modules.has(path)) continue;
        const parted = partedPath(given);
        modules.set(path, parted === null ? await loadRuntimeModule(path, name) : { wrong: parted });
      }
    }
  }
  return modules;
}

/** Where the value is the path of one file, which its commas would take apart: what to do about it. */
function partedPath(given: Given): string | null {
  const text = String(given.value).replace(/:\w[\w-]*=.*$/s, "");
  if (!text.includes(",") || !existsSync(modulePath(text, given))) return null;
  return `${JSON.stringify(text)} is taken apart at its comma. A path can hold no comma and no colon here: go to its folder (cd) and give it from there.`;
}

function namesIn({ value }: Given): string[] {
  if (typeof value !== "string") return [];
  const split = splitItems(value);
  return "items" in split ? split.items.map(({ name }) => name) : [];
}
