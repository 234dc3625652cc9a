/** The runtimes of a plan, with their options: from the catalogue by name, and users' own by path. */

import type { Runtime } from "../../runtimes/runtime.ts";
import { isModulePath, type ModuleIdentity } from "../../runtimes/user/module-file.ts";
import type { ParameterValues } from "../../workloads/parameter.ts";
import { shown } from "../../workloads/parameter.ts";
import { labelOf, splitItems } from "./item.ts";
import { type Given, type Reading, valuesOf } from "./layer.ts";
import { readParameters } from "./read-parameters.ts";
import { modulePath, type RuntimeModules } from "./runtime-modules.ts";
import { unknownName } from "./unknown-name.ts";

/** A runtime with resolved options. */
export interface Choice {
  readonly runtime: Runtime;
  readonly options: ParameterValues;
  /** As typed, e.g. "work-stealing:lifo=off"; a module's own name follows, e.g. "./mine.mjs:depth=3 (mine)". */
  readonly label: string;
  /** null: it stands in the catalogue. */
  readonly module: ModuleIdentity | null;
}

/** What a runtime can be chosen from. */
export interface Known {
  readonly runtimes: readonly Runtime[];
  readonly modules: RuntimeModules;
}

/** A runtime by the name that was given. */
interface Named {
  readonly runtime: Runtime;
  /** What a module calls itself; null: it stands in the catalogue. */
  readonly own: { readonly name: string; readonly identity: ModuleIdentity } | null;
}

/** Distinct runtimes with their options; of two that come to the same the first one stands. */
export function readChoices(reading: Reading, known: Known): Choice[] {
  const all = known.runtimes.map(({ name }) => name);
  const distinct = new Map<string, Choice>();
  for (const given of valuesOf(reading, "runtimes", "many", all)) {
    for (const choice of choicesOf(given, reading, known)) {
      const key = JSON.stringify([choice.runtime.name, choice.options]);
      const same = distinct.get(key);
      if (same === undefined) distinct.set(key, choice);
      else {
        reading.notes.push(`runtimes ${same.label} and ${choice.label} are the same: measured once`);
      }
    }
  }
  return [...distinct.values()];
}

/** The runtime called `name`, or the one in the module at that path; or a sentence on why there is none. */
export function findRuntime(name: unknown, given: Given, known: Known): Named | { readonly wrong: string } {
  const runtime = known.runtimes.find((each) => each.name === name);
  if (runtime !== undefined) return { runtime, own: null };
  if (typeof name === "string" && isModulePath(name)) {
    const module = known.modules.get(modulePath(name, given));
    if (module !== undefined && "wrong" in module) return module;
    if (module !== undefined) {
      return { runtime: module.runtime, own: { name: module.ownName, identity: module.identity } };
    }
  }
  const names = known.runtimes.map((each) => each.name);
  return { wrong: unknownName("runtime", name, names) };
}

function choicesOf(given: Given, { problems }: Reading, known: Known): Choice[] {
  const { value, where, subject } = given;
  if (typeof value !== "string") {
    problems.push({ where, message: `${subject} is ${shown(value)}. Give the name of a runtime.` });
    return [];
  }
  const split = splitItems(value);
  if ("wrong" in split) {
    problems.push(...split.wrong.map((message) => ({ where, message })));
    return [];
  }
  return split.items.flatMap((item) => {
    const named = findRuntime(item.name, given, known);
    if ("wrong" in named) {
      const message = named.wrong;
      const isKnown = problems.some((problem) => problem.where === where && problem.message === message);
      if (!isKnown) problems.push({ where, message });
      return [];
    }
    const { runtime, own } = named;
    const settings = Object.fromEntries(item.settings.map(({ key, value: text }) => [key, text]));
    const options = readParameters(settings, {
      table: runtime.options,
      name: runtime.name,
      place: () => ({ where, subject }),
      problems,
    });
    if (options === null) return [];
    const misfit = runtime.misfit?.(options) ?? null;
    if (misfit === null) {
      const label = own === null ? labelOf(item) : `${labelOf(item)} (${own.name})`;
      return [{ runtime, options, label, module: own?.identity ?? null }];
    }
    problems.push({ where, message: `${runtime.name}: ${misfit}` });
    return [];
  });
}
