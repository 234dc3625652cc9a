/** `isoload run`: a plan file or the standard suite, or what is missing of an earlier run. */
import type { Command } from "commander";
import type { Context } from "./context.ts";
import {
  addPlanFlags,
  examples,
  flagNames,
  formatProblems,
  type PlanOptions,
  planLayer,
  strayProblems,
} from "./flags.ts";
import { viewProgress } from "./progress.ts";
import { finishRun } from "./result.ts";

interface RunOptions extends PlanOptions {
  readonly format: string;
  readonly output?: string;
  readonly resume?: string;
}

export function registerRun(program: Command, context: Context): void {
  addPlanFlags(
    program
      .command("run")
      .argument("[plan]", "a config file; default: isoload.config.* here, or the standard suite"),
  )
    .description("run treatments × rounds and keep everything in a run folder")
    .option("--resume <run>", 'finish a run: its folder, its id, or "latest"; takes no plan flags')
    .option("--format <name>", "table, json, markdown or csv", "table")
    .option(
      "-o, --output <folder>",
      "the run's own folder, new or empty (default: a new one under .isoload/runs)",
    )
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      "after",
      examples([
        "isoload run",
        "isoload run -w block-k:blockers=2,blockMs=50 -r single-thread,work-stealing -t 1x,2x -n 3",
        "isoload run -w block-k -r work-stealing -n 6 --control",
        "isoload run -w null,cpu-mix -n 2 --format json",
        "isoload run -w block-k --on-noise warn",
        "isoload run --resume latest",
      ]),
    )
    .action(async (plan: string | undefined, options: RunOptions, command: Command) => {
      context.exit(await run(context, { plan, options, command }));
    });
}

async function run(
  context: Context,
  { plan, options, command }: { plan: string | undefined; options: RunOptions; command: Command },
): Promise<number> {
  const library = await context.load();
  const { UsageError, draftPlan, formats, readCores, resumeRun, runExperiment, runProblems, unlessAborted } =
    library;
  const { format, output, resume } = options;
  const stray = strayProblems(command, library);
  const problems = [
    ...stray,
    ...formatProblems(
      format,
      formats.map(({ name }) => name),
      library,
    ),
  ];
  const progress = viewProgress(context);
  const common = { onProgress: progress.show, signal: context.signal };
  if (resume !== undefined) {
    const taken = [
      ...Object.keys(planLayer(options).values).map((key) => flagNames[key as keyof PlanOptions]),
      ...(output === undefined ? [] : ["-o"]),
      ...(plan === undefined || stray.length > 0 ? [] : [plan]),
    ];
    for (const where of taken)
      problems.push({ where, message: "--resume takes its plan from the run. Drop this." });
    problems.push(...runProblems([resume]));
    if (problems.length > 0) throw new UsageError(problems);
    const outcome = await resumeRun({ reference: resume, cores: readCores(), ...common }).finally(
      progress.close,
    );
    return finishRun(outcome, { context, library, format });
  }
  const file = plan === undefined || stray.length > 0 ? { folder: "." } : { path: plan };
  const flags = planLayer(options);
  const drafted = await unlessAborted(
    draftPlan({ flags, variables: context.variables, file, folder: output }),
    context.signal,
  );
  if ("problems" in drafted) problems.push(...drafted.problems);
  if ("problems" in drafted || problems.length > 0) throw new UsageError(problems);
  const outcome = await runExperiment({ ...drafted, folder: output, ...common }).finally(progress.close);
  return finishRun(outcome, { context, library, format });
}
