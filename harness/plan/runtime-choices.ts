/** The runtimes of a plan, with their options. */

import type { Runtime } from "../../runtimes/runtime.ts";
import type { ParameterValues } from "../../workloads/parameter.ts";
import { shown } from "../../workloads/parameter.ts";
import { labelOf, splitItems } from "./item.ts";
import { type Given, type Reading, valuesOf } from "./layer.ts";
import { readParameters } from "./read-parameters.ts";
import { unknownName } from "./unknown-name.ts";

/** A runtime with resolved options. */
export interface Choice {
  readonly runtime: Runtime;
  readonly options: ParameterValues;
  /** As typed, e.g. "work-stealing:lifo=off". */
  readonly label: string;
}

/** Distinct runtimes with their options; of two that come to the same the first one stands. */
export function readChoices(reading: Reading, runtimes: readonly Runtime[]): Choice[] {
  const all = runtimes.map(({ name }) => name);
  const distinct = new Map<string, Choice>();
  for (const given of valuesOf(reading, "runtimes", "many", all)) {
    for (const choice of choicesOf(given, reading, runtimes)) {
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

export function unknownRuntime(name: unknown, runtimes: readonly Runtime[]): string {
  return unknownName(
    "runtime",
    name,
    runtimes.map((runtime) => runtime.name),
  );
}

function choicesOf(given: Given, { problems }: Reading, runtimes: readonly Runtime[]): Choice[] {
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
    const runtime = runtimes.find(({ name }) => name === item.name);
    if (runtime === undefined) {
      problems.push({ where, message: unknownRuntime(item.name, runtimes) });
      return [];
    }
    const settings = Object.fromEntries(item.settings.map(({ key, value: text }) => [key, text]));
    const options = readParameters(settings, {
      table: runtime.options,
      name: runtime.name,
      place: () => ({ where, subject }),
      problems,
    });
    if (options === null) return [];
    const misfit = runtime.misfit?.(options) ?? null;
    if (misfit === null) return [{ runtime, options, label: labelOf(item) }];
    problems.push({ where, message: `${runtime.name}: ${misfit}` });
    return [];
  });
}
