/** Brings the sources of a plan together: flags over environment over config file over defaults. */
import { runtimes } from "../../runtimes/catalog.ts";
import { workloads } from "../../workloads/catalog.ts";
import type { Problem } from "../../workloads/parameter.ts";
import { type Cores, readCores } from "../machine/cores.ts";
import { type Config, findConfig, readConfig } from "../plan/config.ts";
import { flatLayer, formatPath, type Layer } from "../plan/layer.ts";
import { type PlanDraft, parsePlan } from "../plan/plan.ts";
import { loadRuntimeModules } from "../plan/runtime-modules.ts";
import { folderProblem } from "../store/store.ts";

export interface PlanSources {
  /** Settings by the names of a config file, as the flags gave them; and the flag each came by. */
  readonly flags?: {
    readonly values: Readonly<Record<string, unknown>>;
    readonly names: Readonly<Record<string, string>>;
  };
  /** Environment variables; ISOLOAD_SEED, ISOLOAD_ROUNDS and ISOLOAD_DURATION count. Empty ones do not. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** A config file, or the folder to look for one in. */
  readonly file?: { readonly path: string } | { readonly folder: string };
  /** A config as an object, in place of a file. */
  readonly config?: Config;
  /** Where the run is to be written; checked like the rest. */
  readonly folder?: string | undefined;
}

export interface Drafted {
  readonly draft: PlanDraft;
  readonly cores: Cores;
}

const variableKeys: Readonly<Record<string, string>> = {
  seed: "ISOLOAD_SEED",
  rounds: "ISOLOAD_ROUNDS",
  duration: "ISOLOAD_DURATION",
};

/** The plan, or everything that is wrong with it. Loads the modules it names; starts nothing and writes nothing. */
export async function draftPlan(
  sources: PlanSources,
): Promise<Drafted | { readonly problems: readonly Problem[] }> {
  const { flags, variables = {}, file, config, folder } = sources;
  const layers: Layer[] = [];
  const problems: Problem[] = [];
  if (flags !== undefined) layers.push(flatLayer(flags.values, flags.names));
  layers.push(variableLayer(variables));
  if (config !== undefined) {
    const values = { ...config };
    layers.push({ values, locate: (path) => ({ where: "config", subject: formatPath(path) }) });
  }
  const path = file === undefined ? null : "path" in file ? { path: file.path } : findConfig(file.folder);
  if (path !== null && "problems" in path) problems.push(...path.problems);
  else if (path !== null && path.path !== null) {
    const read = await readConfig(path.path);
    if ("problems" in read) problems.push(...read.problems);
    else layers.push(read.layer);
  }
  const cores = readCores();
  const modules = await loadRuntimeModules(layers);
  const parsed = parsePlan({ layers, cores, workloads, runtimes, modules });
  if ("problems" in parsed) problems.push(...parsed.problems);
  const refused = folder === undefined ? null : folderProblem(folder);
  if (refused !== null) problems.push({ where: folder === "" ? "-o" : String(folder), message: refused });
  return "draft" in parsed && problems.length === 0 ? { draft: parsed.draft, cores } : { problems };
}

function variableLayer(variables: Readonly<Record<string, string | undefined>>): Layer {
  const values = Object.fromEntries(
    Object.entries(variableKeys).flatMap(([key, name]) => {
      const value = variables[name];
      return value === undefined || value === "" ? [] : [[key, value]];
    }),
  );
  return flatLayer(values, variableKeys);
}
