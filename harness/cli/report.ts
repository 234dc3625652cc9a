/** `isoload report`: renders runs again from their raw records. Measures nothing; `ideal` may be computed. */
import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import type { Context } from "./context.ts";
import { OK } from "./exit.ts";
import { examples, formatProblems, strayProblems } from "./flags.ts";
import { renderDocument } from "./result.ts";

interface ReportOptions {
  readonly format: string;
  readonly output?: string;
  readonly trial?: string;
  readonly distance?: boolean;
}

export function registerReport(program: Command, context: Context): void {
  program
    .command("report")
    .argument("<run...>", 'run folders, ids, or "latest"')
    .description("analyse the records of runs again and render them")
    .option("--format <name>", "table, json, markdown or csv", "table")
    .option("--trial <id>", "show one trial over time instead: an id such as r0-t0, or its number")
    .option(
      "--distance",
      "also show how far each runtime is from ideal, which is computed where the run lacks it",
    )
    .option("-o, --output <file>", "write to this file instead of standard output")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      "after",
      examples([
        "isoload report latest",
        "isoload report latest --format markdown -o report.md",
        "isoload report latest --distance",
        "isoload report latest --trial 1",
      ]),
    )
    .action(async (runs: readonly string[], options: ReportOptions, command: Command) => {
      context.exit(await report(context, runs, { ...options, command }));
    });
}

async function report(
  context: Context,
  runs: readonly string[],
  { format, output, trial, distance = false, command }: ReportOptions & { command: Command },
): Promise<number> {
  const library = await context.load();
  const { UsageError, analyzeRun, formats, runProblems } = library;
  const formatNames = formats.map(({ name }) => name);
  const stray = strayProblems(command, library);
  const problems = [...stray, ...formatProblems(format, formatNames, library)];
  if (format === "csv" && runs.length > 1) {
    problems.push({ where: "--format", message: "a csv file holds one run. Name one, or choose json." });
  }
  if (trial !== undefined && (runs.length > 1 || format !== "table" || distance)) {
    problems.push({
      where: "--trial",
      message: "shows one trial of one run on a terminal, in no other format and without --distance.",
    });
  }
  if (stray.length === 0) problems.push(...runProblems(runs));
  if (problems.length > 0) throw new UsageError(problems);
  const texts = runs.map((run) =>
    trial === undefined
      ? renderDocument(analyzeRun(run, { ideal: distance }), {
          context,
          library,
          format,
          distances: distance,
        })
      : `${library.lanesLines(library.pictureTrial(run, trial), context.terminal.width).join("\n")}\n`,
  );
  const isList = format === "json" && texts.length > 1;
  const text = isList ? `[\n${texts.map((one) => one.trimEnd()).join(",\n")}\n]\n` : texts.join("\n");
  if (output === undefined) context.out(text);
  else writeOutput(output, text, library);
  return OK;
}

export function writeOutput(
  path: string,
  content: string | Uint8Array,
  { UsageError }: Pick<Awaited<ReturnType<Context["load"]>>, "UsageError">,
): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new UsageError([
      { where: "-o", message: `cannot be written: ${(error as Error).message}. Give another path.` },
    ]);
  }
}
