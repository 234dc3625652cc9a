/** `isoload trace`: what a workload comes to, without running it. */
import type { Command } from "commander";
import type { TraceSummary } from "../experiment/index.ts";
import { columns } from "./columns.ts";
import type { Context } from "./context.ts";
import { OK } from "./exit.ts";
import { examples, formatProblems, type PlanOptions, planLayer, strayProblems } from "./flags.ts";
import { writeOutput } from "./report.ts";

interface TraceOptions extends PlanOptions {
  readonly format: string;
  readonly output?: string;
}

export function registerTrace(program: Command, context: Context): void {
  program
    .command("trace")
    .argument("<workload>", "a workload with its parameters, e.g. block-k:blockers=2")
    .description("build a workload's trace and say what is in it")
    .option("--duration <time>", "measured window of open loads, e.g. 2s (default: 1s)")
    .option("--seed <number>", "seed (default: 1)")
    .option("--canary-period <time>", "one canary in every such period (default: 1ms)")
    .option("--format <name>", "table or json", "table")
    .option("-o, --output <file>", "also write the trace's bytes to this file")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      "after",
      examples(["isoload trace block-k", "isoload trace cpu-mix:tasks=100 --format json"]),
    )
    .action(async (workload: string, options: TraceOptions, command: Command) => {
      context.exit(await trace(context, workload, { ...options, command }));
    });
}

async function trace(
  context: Context,
  workload: string,
  { format, output, command, ...options }: TraceOptions & { command: Command },
): Promise<number> {
  const library = await context.load();
  const { UsageError, draftPlan, summarizeTraces } = library;
  const problems = [
    ...strayProblems(command, library),
    ...formatProblems(format, ["table", "json"], library),
  ];
  const { values, names } = planLayer(options);
  const drafted = await draftPlan({
    // The bytes are the same for all runtimes, and in model time any number of workers shares any connections.
    flags: {
      values: { ...values, workloads: [workload], runtimes: ["ideal"] },
      names: { ...names, workloads: "trace" },
    },
    variables: context.variables,
  });
  if ("problems" in drafted) problems.push(...drafted.problems);
  else if (drafted.draft.loads.length > 1) {
    problems.push({ where: workload, message: "trace shows one workload at a time." });
  }
  if ("problems" in drafted || problems.length > 0) throw new UsageError(problems);
  for (const { trace: built, summary } of summarizeTraces(drafted.draft)) {
    if (output !== undefined) writeOutput(output, built.bytes, library);
    context.out(
      format === "json" ? `${JSON.stringify(summary, null, 2)}\n` : asText(summary, library.formatDuration),
    );
  }
  return OK;
}

function asText(summary: TraceSummary, formatDuration: (ns: number) => string): string {
  const { windowNs } = summary;
  const settings = Object.entries(summary.parameters).map(([key, value]) => `${key}=${value}`);
  const facts = columns([
    ["workload", `${summary.workload}:${settings.join(",")}`],
    ["seed", String(summary.seed)],
    ["trace", summary.traceHash],
    ["size", `${summary.sizeBytes} bytes`],
    ["tasks", `${summary.taskCount}, ${summary.rootCount} with a due time`],
    ["sessions", String(summary.sessionCount)],
    ["connections", String(summary.connectionCount)],
    ["window", windowNs === 0 ? "until the last task is done" : formatDuration(windowNs)],
    ["drain", `at most ${formatDuration(summary.drainNs)}`],
    ["canaries", `one every ${formatDuration(summary.canaryPeriodNs)}`],
  ]);
  const due = (ns: number | null): string => (ns === null ? "-" : `${(ns / 1e6).toFixed(3)} ms`);
  const classes = columns([
    ["class", "tasks", "first due", "last due", ""],
    ...summary.classes.map(({ name, taskCount, firstDueNs, lastDueNs, measured }) => [
      ...[name, String(taskCount), due(firstDueNs), due(lastDueNs), measured ? "measured" : ""],
    ]),
  ]);
  const ops = columns([
    ["op", "performed"],
    ...Object.entries(summary.ops).map(([op, n]) => [op, String(n)]),
  ]);
  return `${facts}\n${classes}\n${ops}`;
}
