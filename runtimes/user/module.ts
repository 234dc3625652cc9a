/**
 * Modules that are runtimes: finds, reads and checks one.
 *
 * A module is known by its path and the SHA-256 of its bytes: a run that is resumed, and each of its trials, takes
 * no other. What the module imports in turn is not held to that.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { Runtime } from "../runtime.ts";
import type { RuntimeDefinition } from "./definition.ts";
import { userRuntime } from "./runtime.ts";
import { definitionProblems, isDefinition, isRuntime, runtimeProblems } from "./shape.ts";

/** What a plan keeps of a module. */
export interface ModuleIdentity {
  /** Absolute. */
  readonly path: string;
  /** Of the file's bytes. */
  readonly sha256: string;
}

export interface RuntimeModule {
  /** Its name is the one by which the module was asked for: two modules may call themselves the same. */
  readonly runtime: Runtime;
  /** What the module calls itself. */
  readonly ownName: string;
  readonly identity: ModuleIdentity;
}

/** A module may wait for something before it has exported anything, for as long as this. */
const LOAD_LIMIT_MS = 10_000;

const ADVICE =
  "Write: export default { name, summary, workers, makeScheduler }; isoload/runtime has the types, the README an example.";

/** Whether a runtime is named by a path rather than by a name of the catalogue. */
export function isModulePath(name: string): boolean {
  return /[\\/]|\.[cm]?[jt]s$/.test(name);
}

/** The module at `path`, which is absolute, as the runtime `name`; or a sentence on why it is none. */
export async function loadRuntimeModule(
  path: string,
  name: string,
): Promise<RuntimeModule | { readonly wrong: string }> {
  const identity = identifyModule(path);
  if ("wrong" in identity) return identity;
  try {
    const { default: definition, runtime } = await importModule(identity);
    if (isRuntime(runtime)) return { runtime: { ...runtime, name }, ownName: runtime.name, identity };
    if (isDefinition(definition)) {
      return { runtime: userRuntime(definition, { name, identity }), ownName: definition.name, identity };
    }
    const wrong =
      definition === undefined && runtime === undefined
        ? "has no default export"
        : definition === undefined
          ? `exports a runtime that is none: ${runtimeProblems(runtime).join("; ")}`
          : `has a default export that is no runtime: ${definitionProblems(definition).join("; ")}`;
    return { wrong: `${path} ${wrong}. ${ADVICE}` };
  } catch (error) {
    return { wrong: `${path} cannot be loaded: ${firstLine(error)}. Mend it, or leave it out.` };
  }
}

/** Reads the file; it is not run. */
export function identifyModule(path: string): ModuleIdentity | { readonly wrong: string } {
  try {
    return { path, sha256: createHash("sha256").update(readFileSync(path)).digest("hex") };
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return {
      wrong: isMissing
        ? `there is no file ${path}. Give the path of a module that exports a runtime, or a name that isoload list has.`
        : `${path} cannot be read: ${firstLine(error)}. Give the path of a module that exports a runtime.`,
    };
  }
}

/** The definition in a module that has been checked before, on another thread. */
export async function importDefinition(identity: ModuleIdentity): Promise<RuntimeDefinition> {
  const { default: definition } = await importModule(identity);
  if (!isDefinition(definition)) throw new Error(`${identity.path} exports no runtime any more`);
  return definition;
}

/** The hash in the URL makes a changed file another module, to a process that has loaded it before. */
async function importModule({ path, sha256 }: ModuleIdentity): Promise<Readonly<Record<string, unknown>>> {
  const url = pathToFileURL(path);
  url.searchParams.set("sha256", sha256);
  let limit: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    limit = setTimeout(
      () => reject(new Error(`it took longer than ${LOAD_LIMIT_MS / 1e3} s`)),
      LOAD_LIMIT_MS,
    );
  });
  try {
    return await Promise.race([import(url.href), overdue]);
  } finally {
    clearTimeout(limit);
  }
}

/** A module may throw anything. */
function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `it threw ${String(thrown)}`;
  const [line = ""] = text.split("\n");
  return line.trim().replace(/\.$/, "");
}
