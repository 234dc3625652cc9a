/** Modules that are runtimes: finds and checks one. */
import { type ParameterValues, shown } from "../../workloads/parameter.ts";
import type { Availability, Runtime } from "../runtime.ts";
import {
  firstLine,
  identifyModule,
  importModule,
  type ModuleIdentity,
  placeOf,
  syntaxErrorPlace,
} from "./module-file.ts";
import { userRuntime } from "./runtime.ts";
import { definitionProblems, isAvailability, isDefinition, isRuntime, runtimeProblems } from "./shape.ts";

export interface RuntimeModule {
  /** Its name is the one by which the module was asked for: two modules may call themselves the same. */
  readonly runtime: Runtime;
  /** What the module calls itself. */
  readonly ownName: string;
  readonly identity: ModuleIdentity;
}

const ADVICE =
  "Write: export default { name, summary, workers, makeScheduler }; isoload/runtime has the types, the README an example.";

/** The module at `path`, which is absolute, as the runtime `name`; or a sentence on why it is none. */
export async function loadRuntimeModule(
  path: string,
  name: string,
): Promise<RuntimeModule | { readonly wrong: string }> {
  const identity = identifyModule(path);
  if ("wrong" in identity) return identity;
  try {
    const { default: definition, runtime } = await importModule(identity);
    if (isRuntime(runtime)) return wholeRuntime(runtime, { name, identity });
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
    return { wrong: `${path} cannot be loaded: ${whyNotLoaded(path, error)}` };
  }
}

/** It is asked once, here, whether it can run: what it throws then is the module's fault, too. */
function wholeRuntime(
  runtime: Runtime,
  { name, identity }: Pick<RuntimeModule, "identity"> & { readonly name: string },
): RuntimeModule | { readonly wrong: string } {
  const availability: unknown = runtime.availability();
  if (isAvailability(availability)) {
    return { runtime: fixed(runtime, name, availability), ownName: runtime.name, identity };
  }
  return {
    wrong: `availability of ${identity.path} answered ${shown(availability)}. It must answer { available: true, version } or { available: false, reason }, both texts.`,
  };
}

/** Read once: it may be an object of a class, or compute its fields, and the copy must say the same ever after. */
function fixed(runtime: Runtime, name: string, availability: Availability): Runtime {
  const { summary, workers, time, options, ops } = runtime;
  return {
    ...{ name, summary, workers, time, options, ops },
    ...(runtime.misfit === undefined
      ? {}
      : { misfit: (values: ParameterValues) => misfitOf(runtime, values) }),
    availability: () => availability,
    start: (settings) => runtime.start(settings),
  };
}

/** What it throws stands against the options that it was asked about. */
function misfitOf(runtime: Runtime, values: ParameterValues): string | null {
  try {
    return runtime.misfit?.(values) ?? null;
  } catch (error) {
    return `its misfit broke: ${firstLine(error)}.`;
  }
}

/** What was thrown, where, and what to do. */
function whyNotLoaded(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "ERR_UNKNOWN_FILE_EXTENSION" && /\.[cm]?ts$/.test(path)) {
    return `Node ${process.version} does not run TypeScript. Compile it to .mjs, or use a Node that strips types (22.18 or newer).`;
  }
  const place = error instanceof SyntaxError ? syntaxErrorPlace(path) : placeOf(error);
  const at = place === null ? "" : ` at ${place}`;
  return `${firstLine(error)}. Mend it${at}, or leave it out.`;
}
