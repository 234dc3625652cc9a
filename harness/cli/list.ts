/** `isoload list`: what can be measured, and what of it is available here. */
import type { Command } from "commander";
import type { Parameter, Runtime } from "../experiment/index.ts";
import { columns } from "./columns.ts";
import type { Context, Library } from "./context.ts";
import { OK } from "./exit.ts";
import { examples, formatProblems, strayProblems } from "./flags.ts";
import { printable } from "./printable.ts";

export function registerList(program: Command, context: Context): void {
  program
    .command("list")
    .argument("[modules...]", "runtimes of your own to list with the others, e.g. ./mine.mjs")
    .description("workloads with their parameters, and runtimes with their options")
    .option("--format <name>", "table or json", "table")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText("after", examples(["isoload list", "isoload list --format json"]))
    .action(async (modules: readonly string[], { format }: { readonly format: string }, command: Command) => {
      const library = await context.load();
      const stray = strayProblems(command, library);
      const paths = stray.length > 0 ? [] : modules;
      const own = await library.unlessAborted(library.loadUserRuntimes(paths), context.signal);
      const problems = [...stray, ...formatProblems(format, ["table", "json"], library), ...own.problems];
      if (problems.length > 0) throw new library.UsageError(problems);
      const { workloads } = library;
      const runtimes = library.runtimes.concat(own.runtimes);
      const listed = listing({ workloads, runtimes });
      if (format === "json") context.out(`${JSON.stringify(listed, null, 2)}\n`);
      else context.out(printable(asText({ workloads, runtimes }, listed)));
      context.exit(OK);
    });
}

interface Listing {
  readonly workloads: readonly {
    readonly name: string;
    readonly family: string;
    readonly parameters: Readonly<Record<string, Parameter>>;
  }[];
  readonly runtimes: readonly {
    readonly name: string;
    readonly available: boolean;
    /** Why it is not available. */
    readonly reason: string | null;
    readonly version: string | null;
    readonly options: Readonly<Record<string, Parameter>>;
  }[];
}

/** What there is to choose from. */
interface Choices extends Pick<Library, "workloads"> {
  readonly runtimes: readonly Runtime[];
}

function listing({ workloads, runtimes }: Choices): Listing {
  return {
    workloads: workloads.map(({ name, family, parameters }) => ({ name, family, parameters })),
    runtimes: runtimes.map((runtime) => {
      const { name, options } = runtime;
      const availability = runtime.availability();
      return availability.available
        ? { name, available: true, reason: null, version: availability.version, options }
        : { name, available: false, reason: availability.reason, version: null, options };
    }),
  };
}

function asText({ workloads, runtimes }: Choices, listed: Listing): string {
  const blocks = workloads.map(
    ({ name, family, shows, parameters }) => `  ${name} (${family}): ${shows}\n${tableOf(parameters)}`,
  );
  const rows = listed.runtimes.map(({ name, version, reason }, index) => [
    `  ${name}`,
    version ?? "not available",
    reason ?? runtimes[index]?.summary ?? "",
  ]);
  const options = runtimes
    .filter((runtime) => Object.keys(runtime.options).length > 0)
    .map((runtime) => `  ${runtime.name}\n${tableOf(runtime.options)}`);
  return [
    `Workloads\n${blocks.join("\n")}`,
    `Runtimes\n${columns(rows)}`,
    `Options of runtimes, after a colon: -r work-stealing:lifo=off,globalInterval=31\n${options.join("\n")}`,
  ].join("\n");
}

function tableOf(parameters: Readonly<Record<string, Parameter>>): string {
  return columns(
    Object.entries(parameters).map(([key, parameter]) => [
      `    ${key}`,
      defaultOf(parameter),
      allowedBy(parameter),
      parameter.meaning,
    ]),
  );
}

function defaultOf(parameter: Parameter): string {
  return parameter.default === undefined ? "unset" : String(parameter.default);
}

function allowedBy(parameter: Parameter): string {
  if (parameter.kind === "choice") return parameter.choices.join(" | ");
  if (parameter.kind === "path") return "a path";
  const unit = parameter.unit === "" ? "" : ` ${parameter.unit}`;
  return `${parameter.min} to ${parameter.max}${unit}`;
}
