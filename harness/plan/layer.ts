/** Layers of settings: flags, environment and file, each with the place its values come from. */
import type { Problem } from "../../workloads/parameter.ts";
import { shown } from "../../workloads/parameter.ts";

/** What a plan is made of, as it is called in a config file. */
export type Key =
  | "workloads"
  | "runtimes"
  | "threads"
  | "rounds"
  | "duration"
  | "seed"
  | "canaryPeriod"
  | "onNoise"
  | "control"
  | "require";

export type Path = readonly (string | number)[];

export interface Place {
  /** As a message begins, e.g. "plan.yaml:7:12" or "-t". */
  readonly where: string;
  /** What the message is about, e.g. "threads[2]". */
  readonly subject: string;
}

export interface Layer {
  /** Where relative paths in it start; absent: the working directory. */
  readonly folder?: string;
  readonly values: Readonly<Record<string, unknown>>;
  locate(path: Path, part: "key" | "value"): Place;
}

/** What the readers of a plan share: they take from `layers` and add to the two lists. */
export interface Reading {
  readonly layers: readonly Layer[];
  readonly problems: Problem[];
  readonly notes: string[];
}

export interface Given extends Place {
  readonly value: unknown;
  /** Where a relative path in the value starts. */
  readonly folder: string;
  /** The place of something inside this value. */
  inside(path: Path, part: "key" | "value"): Place;
}

/** The values of a key in the first layer that has it: the entries of a list, or one value by itself. */
export function valuesOf(
  reading: Reading,
  key: Key,
  arity: "one" | "many",
  fallback: readonly unknown[] = [],
): Given[] {
  const layer = reading.layers.find(({ values }) => Object.hasOwn(values, key) && values[key] !== undefined);
  if (layer === undefined) return fallback.map((value) => givenAt(defaults, [key], value));
  const value = layer.values[key];
  if (arity === "one" || typeof value === "string" || typeof value === "number") {
    return [givenAt(layer, [key], value)];
  }
  if (Array.isArray(value) && value.length > 0) {
    return value.map((entry: unknown, index) => givenAt(layer, [key, index], entry));
  }
  const { where, subject } = layer.locate([key], "value");
  const came = Array.isArray(value) ? "an empty list" : shown(value);
  reading.problems.push({ where, message: `${subject} is ${came}. Give a list of at least one.` });
  return [];
}

/** Whether any layer sets the key, rather than its default. */
export function isGiven({ layers }: Reading, key: Key): boolean {
  return layers.some(({ values }) => Object.hasOwn(values, key) && values[key] !== undefined);
}

/** A layer of settings that stand in one place each, like flags and variables. */
export function flatLayer(
  values: Readonly<Record<string, unknown>>,
  placeOf: Readonly<Record<string, string>>,
): Layer {
  return {
    values,
    locate: ([key = "", ...rest]) => ({
      where: Object.hasOwn(placeOf, key) ? String(placeOf[key]) : key === "" ? "settings" : String(key),
      subject: rest.findLast((step) => typeof step === "string")?.toString() ?? String(key),
    }),
  };
}

/** "threads[2]", "workloads[0].blockMs". */
export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, step) => text + (typeof step === "number" ? `[${step}]` : text === "" ? step : `.${step}`),
    "",
  );
}

const defaults: Layer = {
  values: {},
  locate: (path) => ({ where: `the default ${formatPath(path)}`, subject: formatPath(path) }),
};

function givenAt(layer: Layer, path: Path, value: unknown): Given {
  return {
    ...layer.locate(path, "value"),
    value,
    folder: layer.folder ?? ".",
    inside: (further, part) => layer.locate([...path, ...further], part),
  };
}
