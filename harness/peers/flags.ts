/** The flags of the bench, read with all their problems at once. */
import { Command } from "commander";
import type { Problem } from "../../workloads/parameter.ts";
import { unknownName } from "../plan/unknown-name.ts";
import type { Contestant } from "./contestant.ts";
import type { Shape, Size } from "./shapes.ts";

export interface Order {
  readonly roundCount: number;
  readonly seed: number;
  readonly size: Size;
  readonly contestants: readonly Contestant[];
  readonly shapes: readonly Shape[];
  readonly format: Format;
  /** Where the JSON document is written; null: nowhere. */
  readonly outputPath: string | null;
}

type Format = "table" | "json";

const formats = ["table", "json"] as const;
const ROUNDS_LIMIT = 1000;
const SEED_LIMIT = 2 ** 32;

interface Catalogue {
  readonly contestants: readonly Contestant[];
  readonly shapes: readonly Shape[];
}

interface Given {
  readonly rounds: string;
  readonly seed: string;
  readonly only?: string;
  readonly quick?: true;
  readonly format: string;
  readonly output?: string;
}

/** Throws commander's error where a flag is unknown, and to end after --help. */
export function readFlags(
  parameters: readonly string[],
  catalogue: Catalogue,
): { readonly order: Order } | { readonly problems: readonly Problem[] } {
  const given = command().parse(parameters, { from: "user" }).opts<Given>();
  const problems: Problem[] = [];
  const roundCount = wholeNumber(given.rounds, { where: "--rounds", min: 1, max: ROUNDS_LIMIT }, problems);
  const seed = wholeNumber(given.seed, { where: "--seed", min: 0, max: SEED_LIMIT }, problems);
  const format = formats.find((name) => name === given.format);
  if (format === undefined) {
    problems.push({ where: "--format", message: unknownName("format", given.format, [...formats]) });
  }
  const chosen = choose(given.only, catalogue, problems);
  if (problems.length > 0 || format === undefined) return { problems };
  const size = given.quick === true ? "quick" : "full";
  return { order: { roundCount, seed, size, ...chosen, format, outputPath: given.output ?? null } };
}

function command(): Command {
  return new Command("bench:peers")
    .description("work-stealing and native beside bare Tokio and four worker pools on identical work")
    .option("--rounds <count>", "rounds over everything", "5")
    .option("--only <names>", "these contestants, shapes or both, joined by commas")
    .option("--quick", "few tasks: a smoke test, not a measurement")
    .option("--seed <number>", "of the order within the rounds", "1")
    .option("--format <name>", "table or json, on standard output", "table")
    .option("-o, --output <file>", "also writes the JSON document there")
    .allowExcessArguments(false)
    .exitOverride();
}

interface Range {
  readonly where: string;
  readonly min: number;
  readonly max: number;
}

function wholeNumber(text: string, { where, min, max }: Range, problems: Problem[]): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) {
    problems.push({
      where,
      message: `${JSON.stringify(text)} is none. Give a whole number from ${min} to ${max}.`,
    });
  }
  return value;
}

/** Names of one kind leave the other kind as it is. */
function choose(
  only: string | undefined,
  { contestants, shapes }: Catalogue,
  problems: Problem[],
): Catalogue {
  if (only === undefined) return { contestants, shapes };
  const names = only.split(",");
  const known = [...contestants, ...shapes].map(({ name }) => name);
  for (const name of names) {
    if (!known.includes(name)) {
      problems.push({ where: "--only", message: unknownName("contestant or shape", name, known) });
    }
  }
  const among = <Item extends { readonly name: string }>(items: readonly Item[]): readonly Item[] => {
    const chosen = items.filter(({ name }) => names.includes(name));
    return chosen.length === 0 ? items : chosen;
  };
  return { contestants: among(contestants), shapes: among(shapes) };
}
