/** What several commands share: the flags of a plan, the check for unknown ones, the examples in a help text. */
import type { Command } from "commander";
import type { Problem } from "../experiment/index.ts";
import type { Library } from "./context.ts";

/** The plan's flags as commander gives them. */
export interface PlanOptions {
  readonly workloads?: readonly string[];
  readonly runtimes?: readonly string[];
  readonly threads?: readonly string[];
  readonly rounds?: string;
  readonly duration?: string;
  readonly seed?: string;
  readonly canaryPeriod?: string;
  readonly onNoise?: string;
  readonly control?: boolean;
  readonly require?: readonly string[];
}

/** By which flag each setting comes, for messages. */
export const flagNames: Readonly<Record<keyof PlanOptions, string>> = {
  workloads: "-w",
  runtimes: "-r",
  threads: "-t",
  rounds: "-n",
  duration: "--duration",
  seed: "--seed",
  canaryPeriod: "--canary-period",
  onNoise: "--on-noise",
  control: "--control",
  require: "--require",
};

export function addPlanFlags(command: Command): Command {
  return command
    .option(
      "-w, --workloads <items>",
      "workloads with parameters, e.g. block-k:blockers=2,blockMs=50",
      collected,
    )
    .option(
      "-r, --runtimes <items>",
      "runtimes, e.g. work-stealing,native, or the path of your own, e.g. ./mine.mjs",
      collected,
    )
    .option(
      "-t, --threads <counts>",
      "a count, 0 for all cores, or a multiple of the cores like 2x",
      collected,
    )
    .option("-n, --rounds <count>", "rounds over all treatments (default: 5)")
    .option("--duration <time>", "measured window of open loads, e.g. 2s (default: 1s)")
    .option("--seed <number>", "seed of the first round's traces (default: 1)")
    .option("--canary-period <time>", "one canary in every such period (default: 1ms)")
    .option(
      "--on-noise <what>",
      "trials that something else on the machine disturbed: refuse or warn (default: refuse)",
    )
    .option("--control", "measure the same work without blocking beside every treatment with blocks")
    .option("--require <runtimes>", "exit 5 before anything starts when one of these is missing", collected);
}

/** The flags that were given, as a layer of settings. */
export function planLayer(options: PlanOptions): {
  values: Readonly<Record<string, unknown>>;
  names: Readonly<Record<string, string>>;
} {
  const given = Object.keys(flagNames).filter((key) => options[key as keyof PlanOptions] !== undefined);
  const values = Object.fromEntries(given.map((key) => [key, options[key as keyof PlanOptions]]));
  return { values, names: flagNames };
}

/**
 * Commands let unknown flags pass the parser, so that they are reported together with everything else.
 * Call it first: with an unknown flag, what the parser took for an argument may be that flag's value.
 */
export function strayProblems(command: Command, library: Library): Problem[] {
  const known = command.options.flatMap(({ long, short }) => [long, short]).filter((name) => name != null);
  const flags = command.args.filter((argument) => /^-./.test(argument));
  if (flags.length > 0) {
    return flags.map((flag) => {
      const [name = flag] = flag.split("=");
      if (flag.includes("=") && [...known, "--help"].includes(name)) {
        return { where: name, message: `takes no value. Give ${name} alone.` };
      }
      // Every other letter is as near to it.
      if (/^-[^-]$/.test(name)) {
        const message = `no flag is called ${JSON.stringify(name)}. See ${lineOf(command)} --help.`;
        return { where: name, message };
      }
      return { where: name, message: library.unknownName("flag", name, [...known, "--help"]) };
    });
  }
  const limit = command.registeredArguments.some(({ variadic }) => variadic)
    ? Number.POSITIVE_INFINITY
    : command.registeredArguments.length;
  return command.args.slice(limit).map((argument) => ({
    where: argument,
    message: `${command.name()} takes ${limit === 0 ? "no argument" : `${limit} argument`}. Lists are joined by commas, without spaces.`,
  }));
}

/** As it is typed. */
export function lineOf(command: Command): string {
  return command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`;
}

/** `--format`, of those a command knows. */
export function formatProblems(format: string, known: readonly string[], library: Library): Problem[] {
  return known.includes(format)
    ? []
    : [{ where: "--format", message: library.unknownName("format", format, known) }];
}

/** Lines of a help text that run as they stand; a test runs them. */
export function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}\n`).join("")}`;
}

function collected(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}
