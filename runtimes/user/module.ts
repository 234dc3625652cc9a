/** Modules that are runtimes: finds and checks one. */
import type { Runtime } from "../runtime.ts";
import { firstLine, identifyModule, importModule, type ModuleIdentity } from "./module-file.ts";
import { userRuntime } from "./runtime.ts";
import { definitionProblems, isDefinition, isRuntime, runtimeProblems } from "./shape.ts";

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
