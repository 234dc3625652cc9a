/**
 * The command line of the stress: options in, progress and counts out.
 *
 * The last line on standard output is "0 lost, 0 repeated"; the exit code says the same.
 */
import { parseArgs } from "node:util";
import { type StressResult, type StressSettings, stress } from "./stress-trial.ts";

const HELP = `npm run stress -- [options]

Sends tasks through the core of the work-stealing scheduler and counts every one of them.

  --tasks <count>     tasks for each number of workers (default: 1e8)
  --workers <list>    numbers of workers (default: 2,4,8)
  --cycles <count>    starts and stops for each number of workers, beside those
                      of the rounds that the tasks take (default: 1000)
  --help              this text

Exit codes: 0 nothing lost or repeated, 1 otherwise, 2 usage.
`;

const TASKS_LIMIT = 1e12;
const WORKERS_LIMIT = 64;
const CYCLES_LIMIT = 1e7;

interface Options {
  readonly taskCount: number;
  readonly workerCounts: readonly number[];
  readonly cycleCount: number;
}

/** Whether one may be asked for: whole numbers, also as 1e7. */
function isCount(text: string, least: number, most: number): boolean {
  const value = Number(text);
  return /^\d+(e\d+)?$/.test(text) && value >= least && value <= most;
}

/** All problems at once, or the options; "help" where it was asked for. */
function parse(args: readonly string[]): Options | "help" | { readonly problems: readonly string[] } {
  const text = { type: "string" } as const;
  const options = { tasks: text, workers: text, cycles: text, help: { type: "boolean" } } as const;
  let values: ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];
  try {
    ({ values } = parseArgs({ args: [...args], options, allowPositionals: false }));
  } catch (error) {
    return {
      problems: [`${error instanceof Error ? error.message : error}. Give --help for what there is.`],
    };
  }
  if (values.help) return "help";
  const { tasks = "1e8", workers = "2,4,8", cycles = "1000" } = values;
  const problems: string[] = [];
  if (!isCount(tasks, 1, TASKS_LIMIT)) problems.push(`--tasks is "${tasks}". Give a count from 1, like 1e7.`);
  if (!workers.split(",").every((count) => isCount(count, 1, WORKERS_LIMIT))) {
    problems.push(`--workers is "${workers}". Give numbers from 1 to ${WORKERS_LIMIT}, like 2,4,8.`);
  }
  if (!isCount(cycles, 0, CYCLES_LIMIT))
    problems.push(`--cycles is "${cycles}". Give a count from 0, like 1000.`);
  if (problems.length > 0) return { problems };
  return {
    taskCount: Number(tasks),
    workerCounts: workers.split(",").map(Number),
    cycleCount: Number(cycles),
  };
}

/** Where the command writes, and what it drives. */
export interface StressContext {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** URL of the module whose `Core` is driven. */
  readonly coreModule: string;
  /** For how long nothing may move before it is called a stall. */
  readonly stallLimitMs: number;
}

/** Runs the command and answers its exit code. */
export async function stressCommand(args: readonly string[], context: StressContext): Promise<number> {
  const parsed = parse(args);
  if (parsed === "help") {
    context.out(HELP);
    return 0;
  }
  if ("problems" in parsed) {
    context.err(`${parsed.problems.join("\n")}\n`);
    return 2;
  }
  const { taskCount, cycleCount } = parsed;
  const results: StressResult[] = [];
  for (const workerCount of parsed.workerCounts) {
    const startMs = performance.now();
    const onProgress = progress(workerCount, context);
    const { coreModule, stallLimitMs } = context;
    const counts = { workerCount, taskCount, cycleCount };
    const result = await stress({ ...counts, coreModule, stallLimitMs, onProgress });
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
    const done = `${result.taskCount} tasks and ${result.cycleCount} cycles in ${seconds} s`;
    context.out(`${workerCount} workers: ${done}${result.stalled === null ? "" : `; ${result.stalled}`}\n`);
    results.push(result);
  }
  const lostCount = results.reduce((sum, result) => sum + result.lostCount, 0);
  const repeatedCount = results.reduce((sum, result) => sum + result.repeatedCount, 0);
  context.out(`${lostCount} lost, ${repeatedCount} repeated\n`);
  return lostCount + repeatedCount === 0 && results.every(({ stalled }) => stalled === null) ? 0 : 1;
}

/** A line every second. */
function progress(workerCount: number, { err }: StressContext): StressSettings["onProgress"] {
  let toldMs = performance.now();
  return (tasksDone, cyclesDone) => {
    if (performance.now() - toldMs < 1000) return;
    toldMs = performance.now();
    err(`${workerCount} workers: ${tasksDone} tasks, ${cyclesDone} cycles\n`);
  };
}
