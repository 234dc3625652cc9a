/**
 * What isoload says of schedulers whose truth is known, by real trials: run it on a quiet machine.
 *
 * Goals: of the waiting that a partitioned scheduler causes, at least 95 % is called the scheduler's; of waiting for
 * capacity at most 2 %. Work conservation is violated in at most 1 % of the waiting of `work-stealing` and `native`
 * on random traces, with all workers held and computing, and `steal=off` is found. Little's law refuses at most 1 %
 * of honest trials, and every trial that lies about when its replies came. Interleaved; medians, with n.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { median } from "../../reports/interval.ts";
import { littleBroken, littlesLaw } from "../../reports/judge/little.ts";
import { type Measures, measure } from "../../reports/metrics/measures.ts";
import { runtimes } from "../../runtimes/catalog.ts";
import { workloads } from "../../workloads/catalog.ts";
import { type ParameterValues, parseParameters } from "../../workloads/parameter.ts";
import { build } from "../../workloads/trace/build.ts";
import type { Composition } from "../../workloads/workload.ts";
import { runOne } from "../trial/fixtures/one-trial.ts";
import { randomBlocksLoad } from "./selftest/against-ideal.ts";
import { cheatLoad, cheatWorkerCount } from "./selftest/cheats/load.ts";

const ROUNDS = 7;
const WINDOW_NS = 2e9;
const WORKERS = 2;
const coreCount = availableParallelism();
const cheating = fileURLToPath(new URL("./selftest/cheats/runtime.js", import.meta.url));

interface Contestant {
  readonly runtime: string;
  readonly options: ParameterValues;
  readonly workerCount: number;
  readonly runtimeModule?: string;
}

function known(runtime: string, given: ParameterValues = {}): Contestant {
  const found = runtimes.find(({ name }) => name === runtime);
  if (found === undefined) throw new Error(`no runtime is called ${runtime}`);
  const parsed = parseParameters(found.options, given, runtime);
  if ("problems" in parsed) throw new Error(`options that ${runtime} does not know`);
  return { runtime, options: parsed.values, workerCount: found.workers === "one" ? 1 : WORKERS };
}

function loadOf(name: string, given: ParameterValues): Composition {
  const workload = workloads.find((each) => each.name === name);
  const parsed = parseParameters(workload?.parameters ?? {}, given, name);
  if (workload === undefined || "problems" in parsed) throw new Error(`no such load of ${name}`);
  const described = workload.describe(parsed.values, WINDOW_NS);
  if ("misfit" in described) throw new Error(described.misfit);
  return described;
}

/** Trials that a law was asked about, whatever it said. */
const asked: { readonly what: string; readonly isRefused: boolean }[] = [];

async function trialOf(
  load: Composition,
  { runtimeModule, ...contestant }: Contestant,
  round: number,
): Promise<Measures> {
  const trace = build(load, 1 + round, { periodNs: 1e6 });
  const module = runtimeModule === undefined ? {} : { runtimeModule };
  const { result, records } = await runOne({ trace, ...contestant, ...module });
  if (result.outcome !== "completed" || records === null) throw new Error(JSON.stringify(result));
  const law = littlesLaw(trace, records);
  if (law.balance !== null) {
    const what = runtimeModule === undefined ? "honest" : String(contestant.options.cheat);
    asked.push({ what, isRefused: littleBroken(law) !== null });
  }
  return measure({ trace, records, facts: result.facts, coreCount, foreign: null });
}

function shown(values: readonly (number | null)[]): string {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return `no figure (n = 0 of ${values.length})`;
  const percent = (value: number): string => `${(100 * value).toFixed(2)} %`;
  return `median ${percent(median(known))}, least ${percent(Math.min(...known))}, most ${percent(Math.max(...known))} (n = ${known.length} of ${values.length})`;
}

const stealing = known("work-stealing");
const partitioned = known("work-stealing", { steal: "off" });
const native = known("native");
const hasNative = runtimes.find(({ name }) => name === "native")?.availability().available === true;

const liar: Contestant = {
  runtime: "cheat",
  runtimeModule: cheating,
  options: { cheat: "lies-about-replies" },
  workerCount: cheatWorkerCount,
};

/** One blocker at a time: one of two partitions is held, and what waits there waits for nobody but its scheduler. */
const oneHeld = loadOf("block-k", { blockers: 1, blockMs: 50, repeats: 10 });
/** As many blockers as workers: all are held, and what waits waits for a worker. */
const allHeld = loadOf("block-k", { blockers: WORKERS, blockMs: 50, repeats: 10 });
/** Blocks that queue, at random. */
const randomLoad = randomBlocksLoad(WORKERS, WINDOW_NS);
const echoes = loadOf("tcp-echo", {});
const computing = loadOf("cpu-mix", { tasks: 10_000 });

const rows: { readonly what: string; readonly goal: string | null; readonly values: (number | null)[] }[] =
  [];
const row = (what: string, goal: string | null): ((value: number | null) => void) => {
  const values: (number | null)[] = [];
  rows.push({ what, goal, values });
  return (value) => values.push(value);
};
const found = row("scheduler's share of late canaries' waiting, partitioned, one of two held", "≥ 95 %");
const foundTasks = row(
  "violated share of all waiting, work-stealing:steal=off, one of two held",
  "found: > 1 %",
);
const foundBlocks = row("violated share of all waiting, work-stealing:steal=off, random", "found: > 1 %");
const competing = [
  { name: "work-stealing", of: stealing },
  ...(hasNative ? [{ name: "native", of: native }] : []),
].map(({ name, of }) => ({
  of,
  blamed: row(`scheduler's share of late canaries' waiting, ${name}, all held`, "≤ 2 %"),
  random: row(`violated share of all waiting, ${name}, random`, "≤ 1 %"),
  // Nothing waits there but for wake-ups, and their tail is the kernel's: for 94 and 99 % of it a woken worker stood
  // behind another thread in the run queue of its core, while the other core was idle.
  oneHeld: row(`violated share of all waiting, ${name}, one of two held`, null),
  allHeld: row(`violated share of all waiting, ${name}, all held`, "≤ 1 %"),
  computing: row(`violated share of all waiting, ${name}, CPU`, "≤ 1 %"),
}));

for (let round = 0; round < ROUNDS; round++) {
  const control = await trialOf(oneHeld, partitioned, round);
  found(control.cause.schedulerShare);
  foundTasks(control.conservation.violatedShare);
  foundBlocks((await trialOf(randomLoad, partitioned, round)).conservation.violatedShare);
  for (const each of competing) {
    each.random((await trialOf(randomLoad, each.of, round)).conservation.violatedShare);
    each.oneHeld((await trialOf(oneHeld, each.of, round)).conservation.violatedShare);
    const held = await trialOf(allHeld, each.of, round);
    each.blamed(held.cause.schedulerShare);
    each.allHeld(held.conservation.violatedShare);
    each.computing((await trialOf(computing, each.of, round)).conservation.violatedShare);
    await trialOf(echoes, each.of, round);
  }
  for (const load of [oneHeld, allHeld, echoes, computing])
    await trialOf(load, known("single-thread"), round);
  await trialOf(cheatLoad, liar, round);
}

for (const { what, goal, values } of rows) {
  console.log(`${what}: ${shown(values)}${goal === null ? "" : ` (goal ${goal})`}`);
}
for (const what of new Set(asked.map((each) => each.what))) {
  const own = asked.filter((each) => each.what === what);
  const refused = own.filter(({ isRefused }) => isRefused).length;
  const goal = what === "honest" ? "at most 1 in 100" : "all";
  console.log(`Little's law, ${what}: ${refused} of ${own.length} trials refused (goal ${goal})`);
}
