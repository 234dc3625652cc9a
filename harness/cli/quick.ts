/** `isoload quick`: the newcomer's first command. One workload of each family on every runtime, half a minute. */
import type { Command } from "commander";
import type { Context } from "./context.ts";
import { examples, formatProblems, strayProblems } from "./flags.ts";
import { viewProgress } from "./progress.ts";
import { finishRun } from "./result.ts";

/** Twelve live trials of about a second and a half each on two cores. */
const demo = {
  workloads: ["tcp-echo", "cpu-mix", "block-k"],
  threads: ["1x"],
  rounds: 1,
  onNoise: "warn",
} as const;

const nextCommands = [
  "isoload run -w block-k -t 1x,2x -n 3      at which thread count the freezes end",
  "isoload doctor                            what on this machine would spoil results",
  "isoload list                              every workload, its parameters, every runtime",
];

interface QuickOptions {
  readonly format: string;
  readonly output?: string;
  readonly require?: string;
}

export function registerQuick(program: Command, context: Context): void {
  program
    .command("quick")
    .description("a first look in half a minute: I/O, CPU and blocking work on every runtime")
    .option("--format <name>", "table, json, markdown or csv", "table")
    .option(
      "-o, --output <folder>",
      "the run's own folder, new or empty (default: a new one under .isoload/runs)",
    )
    .option("--require <runtimes>", "exit 5 before anything starts when one of these is missing")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText("after", examples(["isoload quick", "isoload quick --format json"]))
    .action(async (options: QuickOptions, command: Command) => {
      context.exit(await quick(context, options, command));
    });
}

async function quick(context: Context, options: QuickOptions, command: Command): Promise<number> {
  const library = await context.load();
  const { UsageError, draftPlan, formats, runExperiment, unlessAborted } = library;
  const { format, output, require } = options;
  const formatNames = formats.map(({ name }) => name);
  const problems = [...strayProblems(command, library), ...formatProblems(format, formatNames, library)];
  const flags = { values: require === undefined ? {} : { require }, names: { require: "--require" } };
  const drafted = await unlessAborted(draftPlan({ config: demo, flags, folder: output }), context.signal);
  if ("problems" in drafted) problems.push(...drafted.problems);
  if ("problems" in drafted || problems.length > 0) throw new UsageError(problems);
  const progress = viewProgress(context);
  const outcome = await runExperiment({
    ...drafted,
    folder: output,
    onProgress: progress.show,
    signal: context.signal,
  }).finally(progress.close);
  const code = finishRun(outcome, { context, library, format });
  const say = format === "table" ? context.out : context.err;
  say(
    `\nOne round: a demo, not a measurement.\nNext:\n${nextCommands.map((line) => `  ${line}\n`).join("")}`,
  );
  return code;
}
