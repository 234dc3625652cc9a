/** What a module must export to be a runtime: the checks of a value that comes from outside, as sentences. */
import { type ParameterTable, shown } from "../../workloads/parameter.ts";
import type { Availability, Runtime } from "../runtime.ts";
import type { RuntimeDefinition } from "./definition.ts";

const NAME_CHARACTERS = 100;

/** A field of a runtime: whether a value will do, and the words for what will. */
interface Field {
  readonly name: string;
  readonly fits: (value: unknown) => boolean;
  readonly allowed: string;
}

const isText = (value: unknown): boolean => typeof value === "string" && value.trim() !== "";
const isFunction = (value: unknown): boolean => typeof value === "function";
const oneOf =
  (...words: readonly unknown[]): Field["fits"] =>
  (value) =>
    words.includes(value);
const optional =
  (fits: Field["fits"]): Field["fits"] =>
  (value) =>
    value === undefined || fits(value);

const TABLE = "options by name, each made by choice, count or quantity of isoload/runtime";

const named: readonly Field[] = [
  {
    name: "name",
    fits: (value) => isText(value) && String(value).length <= NAME_CHARACTERS,
    allowed: `a text of at most ${NAME_CHARACTERS} characters`,
  },
  { name: "summary", fits: isText, allowed: "a sentence" },
  { name: "workers", fits: oneOf("one", "many"), allowed: '"one" or "many"' },
];

const definitionFields: readonly Field[] = [
  ...named,
  { name: "options", fits: optional(isTable), allowed: TABLE },
  { name: "sharedWordCount", fits: optional(isFunction), allowed: "a function, or leave it out" },
  { name: "makeScheduler", fits: isFunction, allowed: "a function" },
];

const runtimeFields: readonly Field[] = [
  ...named,
  { name: "time", fits: oneOf("live", "virtual"), allowed: '"live" or "virtual"' },
  { name: "options", fits: isTable, allowed: TABLE },
  { name: "misfit", fits: optional(isFunction), allowed: "a function, or leave it out" },
  { name: "ops", fits: (value) => value instanceof Set, allowed: "a Set of names of ops" },
  { name: "availability", fits: isFunction, allowed: "a function" },
  { name: "start", fits: isFunction, allowed: "a function" },
];

/** What is wrong with a default export, a `RuntimeDefinition`; empty: nothing. */
export function definitionProblems(value: unknown): string[] {
  return fieldProblems(value, definitionFields);
}

/** What is wrong with an export called `runtime`, a whole `Runtime`; empty: nothing. */
export function runtimeProblems(value: unknown): string[] {
  return fieldProblems(value, runtimeFields);
}

export function isDefinition(value: unknown): value is RuntimeDefinition {
  return definitionProblems(value).length === 0;
}

export function isRuntime(value: unknown): value is Runtime {
  return runtimeProblems(value).length === 0;
}

/** What `availability` of a whole `Runtime` must answer. */
export function isAvailability(value: unknown): value is Availability {
  if (typeof value !== "object" || value === null) return false;
  const field = (name: string): unknown => Reflect.get(value, name);
  return field("available") === true
    ? isText(field("version"))
    : field("available") === false && isText(field("reason"));
}

function fieldProblems(value: unknown, fields: readonly Field[]): string[] {
  if (typeof value !== "object" || value === null) {
    return [`it is ${shown(value)}, not an object with ${fields.map(({ name }) => name).join(", ")}`];
  }
  return fields.flatMap(({ name, fits, allowed }) => {
    const given: unknown = Reflect.get(value, name);
    if (fits(given)) return [];
    return [
      given === undefined
        ? `it has no ${name}: give ${allowed}`
        : `its ${name} is ${shown(given)}: give ${allowed}`,
    ];
  });
}

function isTable(value: unknown): value is ParameterTable {
  return typeof value === "object" && value !== null && Object.values(value).every(isParameter);
}

function isParameter(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const field = (name: string): unknown => Reflect.get(value, name);
  if (!isText(field("meaning"))) return false;
  const standard = field("default");
  switch (field("kind")) {
    case "number":
      return (
        typeof field("unit") === "string" &&
        typeof field("integer") === "boolean" &&
        Number(field("min")) <= Number(field("max")) &&
        (standard === undefined || Number.isFinite(standard))
      );
    case "choice": {
      const choices = field("choices");
      return Array.isArray(choices) && choices.every(isText) && choices.includes(standard);
    }
    case "path":
      return standard === undefined;
    default:
      return false;
  }
}
