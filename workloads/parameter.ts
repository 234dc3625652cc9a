/**
 * Parameter tables: the named, documented, range-checked knobs of workloads and of runtimes.
 */

export type ParameterValue = number | string;
export type ParameterValues = Readonly<Record<string, ParameterValue>>;

export type Parameter =
  | {
      readonly kind: "number";
      readonly meaning: string;
      readonly unit: string;
      /** Fractions are refused where true. */
      readonly integer: boolean;
      readonly min: number;
      readonly max: number;
      /** undefined: the parameter is absent unless given. */
      readonly default: number | undefined;
    }
  | {
      readonly kind: "choice";
      readonly meaning: string;
      readonly choices: readonly string[];
      readonly default: string;
    }
  | { readonly kind: "path"; readonly meaning: string; readonly default: undefined };

export type ParameterTable = Readonly<Record<string, Parameter>>;

/** One thing wrong with what a user gave: where it stands, and a sentence with what came and what to do. */
export interface Problem {
  readonly where: string;
  readonly message: string;
}

/** A count: a whole number of things. */
export function count(
  meaning: string,
  range: { min: number; max: number; default: number | undefined },
): Parameter {
  return { kind: "number", meaning, unit: "", integer: true, ...range };
}

/** A quantity with a unit; fractions are allowed. */
export function quantity(
  meaning: string,
  unit: string,
  range: { min: number; max: number; default: number | undefined },
): Parameter {
  return { kind: "number", meaning, unit, integer: false, ...range };
}

/** One of a few words. The first is the default. */
export function choice(meaning: string, choices: readonly [string, ...string[]]): Parameter {
  return { kind: "choice", meaning, choices, default: choices[0] };
}

/** Resolves what was given against the table: all values set or all problems named, never both. */
export function parseParameters(
  table: ParameterTable,
  given: Readonly<Record<string, unknown>>,
  where: string,
): { values: ParameterValues } | { problems: Problem[] } {
  const problems: Problem[] = [];
  const values: Record<string, ParameterValue> = {};
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(table, name)) continue;
    const near = nearest(name, Object.keys(table));
    const known = Object.keys(table).join(", ");
    problems.push({
      where,
      message: `no parameter is called "${name}". ${
        near === null ? (known === "" ? "It takes none." : `It takes ${known}.`) : `Did you mean "${near}"?`
      }`,
    });
  }
  for (const [name, parameter] of Object.entries(table)) {
    const own = Object.hasOwn(given, name) ? given[name] : undefined;
    const value = own === undefined ? parameter.default : own;
    if (value === undefined) continue;
    const parsed = parseValue(parameter, value);
    if ("wrong" in parsed) problems.push({ where: `${where}.${name}`, message: parsed.wrong });
    else values[name] = parsed.value;
  }
  return problems.length > 0 ? { problems } : { values };
}

function parseValue(parameter: Parameter, given: unknown): { value: ParameterValue } | { wrong: string } {
  if (parameter.kind === "path") {
    return typeof given === "string" && given !== ""
      ? { value: given }
      : { wrong: `is ${shown(given)}. Give a path.` };
  }
  if (parameter.kind === "choice") {
    // YAML and JSON users may write a boolean where the choice is on or off.
    const word = given === true ? "on" : given === false ? "off" : given;
    return typeof word === "string" && parameter.choices.includes(word)
      ? { value: word }
      : { wrong: `is ${shown(given)}. Give ${parameter.choices.join(" or ")}.` };
  }
  const number =
    typeof given === "string" && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(given) ? Number(given) : given;
  const fits =
    typeof number === "number" &&
    number >= parameter.min &&
    number <= parameter.max &&
    (!parameter.integer || Number.isInteger(number));
  if (fits) return { value: number };
  const noun = parameter.integer ? "a whole number" : "a number";
  const unit = parameter.unit === "" ? "" : ` (${parameter.unit})`;
  return { wrong: `is ${shown(given)}. Give ${noun} from ${parameter.min} to ${parameter.max}${unit}.` };
}

const SHOWN_CHARACTERS = 60;

/** How a value that came from outside is quoted in a message: short, on one line, its type visible. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value);
  }
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  return typeof value === "function" ? "a function" : String(value);
}

/** The candidate within a third of the name's length in edits, or null. */
export function nearest(name: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.ceil(name.length / 3)) + 0.5;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's, in which two neighbours that change places are one edit (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] as number) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const isExchange =
        row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const exchanged = isExchange ? (beforePrevious[column - 2] as number) + 1 : Number.POSITIVE_INFINITY;
      const edited = Math.min((previous[column] as number) + 1, (current[column - 1] as number) + 1);
      current.push(Math.min(edited, replaced, exchanged));
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] as number;
}
