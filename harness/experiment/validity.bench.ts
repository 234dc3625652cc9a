/**
 * Whether trials are refused when, and only when, something else spoiled them. Goals: on a quiet machine at least
 * 95 % of the trials of cpu-mix and block-k are valid at 1x, 2x and 4x; beside a neighbour that burns one core at
 * least 95 % are refused, and every one that was stopped for 100 ms.
 *
 * Takes some eight minutes; an argument sets the number of trials a case. The first goal needs a quiet machine.
 */
import { availableParallelism } from "node:os";
import { judgeTrial, type TrialRow } from "../../reports/analyze.ts";
import { leafOf } from "../../reports/metrics/tree.ts";
import { runtimes } from "../../runtimes/catalog.ts";
import type { Runtime } from "../../runtimes/runtime.ts";
import { workloads } from "../../workloads/catalog.ts";
import { parseParameters } from "../../workloads/parameter.ts";
import { build } from "../../workloads/trace/build.ts";
import { referenceChecksums } from "../../workloads/trace/reference.ts";
import { hashOf, type Trace } from "../../workloads/trace/trace.ts";
import { startNeighbour, stopFor } from "../trial/fixtures/disturbances.ts";
import { runOne } from "../trial/fixtures/one-trial.ts";

const TRIALS = Number(process.argv[2] ?? 40);
const STOPPED_TRIALS = Number(process.argv[2] ?? 50);
const STOP_MS = 100;
const MULTIPLIERS = [1, 2, 4];
const coreCount = availableParallelism();
const live = runtimes.filter(({ time, availability }) => time === "live" && availability().available);

const many = live.filter(({ workers }) => workers !== "one");
const one = live.filter(({ workers }) => workers === "one");

const loads = ["cpu-mix", "block-k"].map((name) => ({ name, traces: tracesOf(name) }));
const valid = { isHit: (row: TrialRow) => row.valid, goal: "valid, goal ≥ 95 %" };
for (const { name, traces } of loads) {
  for (const multiplier of MULTIPLIERS) {
    const rows = await trialsOf(many, traces, { count: TRIALS, multiplier });
    tell(`quiet, ${name} at ${multiplier}x`, rows, valid);
  }
  tell(`quiet, ${name} with one worker`, await trialsOf(one, traces, { count: TRIALS }), valid);
}
for (const { name, traces } of loads) {
  const neighbour = startNeighbour();
  const rows = await trialsOf(live, traces, { count: TRIALS });
  neighbour.stop();
  tell(`beside a neighbour, ${name}`, rows, {
    isHit: ({ refusal }) => refusal === "noise",
    goal: "refused, goal ≥ 95 %",
  });
}
const stopped = await trialsOf(
  live,
  loads.flatMap(({ traces }) => traces),
  { count: STOPPED_TRIALS, during: (trial) => stopFor(trial, STOP_MS) },
);
tell(`stopped for ${STOP_MS} ms`, stopped, {
  isHit: ({ sensors }) =>
    sensors?.some(({ sensor, verdict }) => sensor === "gap" && verdict === "beyond") === true,
  goal: "refused for that, goal: all",
});

/** The loads of a second's duration that runs have by default, four seeds of them. */
function tracesOf(name: string): Trace[] {
  const workload = workloads.find((candidate) => candidate.name === name);
  if (workload === undefined) throw new Error(`no workload is called ${name}`);
  const parsed = parseParameters(workload.parameters, {}, name);
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  const composition = workload.describe(parsed.values, 1e9);
  if ("misfit" in composition) throw new Error(composition.misfit);
  return [1, 2, 3, 4].map((seed) => build(composition, seed, { periodNs: 1e6 }));
}

type Stoppable = Parameters<typeof stopFor>[0];

interface Circumstances {
  readonly count: number;
  /** Workers a core, where the runtime takes more than one; absent: 1, 2 and 4 in turn. */
  readonly multiplier?: number;
  /** What is done to a trial's process when it has begun to count. */
  readonly during?: (trial: Stoppable) => Promise<void>;
}

/** So many trials, of the runtimes in turn, each with the next trace and number of workers when it comes round. */
async function trialsOf(
  among: readonly Runtime[],
  traces: readonly Trace[],
  { count, multiplier, during }: Circumstances,
): Promise<TrialRow[]> {
  const rows: TrialRow[] = [];
  for (let index = 0; index < count; index++) {
    const runtime = among[index % among.length] as Runtime;
    const turn = Math.floor(index / among.length);
    const times = multiplier ?? (MULTIPLIERS[turn % MULTIPLIERS.length] as number);
    const trace = traces[turn % traces.length] as Trace;
    const workerCount = runtime.workers === "one" ? 1 : times * coreCount;
    rows.push(await oneTrial(trace, { runtime: runtime.name, workerCount, during }));
  }
  return rows;
}

async function oneTrial(
  trace: Trace,
  { runtime, workerCount, during }: { runtime: string; workerCount: number; during: Circumstances["during"] },
): Promise<TrialRow> {
  let disturbance: Promise<void> | undefined;
  let trial: Stoppable | undefined;
  const { result, records } = await runOne({
    trace,
    runtime,
    workerCount,
    onSpawn: (child) => {
      trial = child;
    },
    onEvent: ({ event }) => {
      if (event !== "ready" || during === undefined || trial === undefined) return;
      const started = trial;
      // Its epoch is 20 ms after that.
      disturbance = new Promise((resolve) => setTimeout(resolve, 100)).then(() => during(started));
    },
  });
  await disturbance;
  const traceHash = hashOf(trace);
  return judgeTrial({
    planned: { id: "r0-t0", treatmentId: "t0", round: 0, attempt: 1, traceHash },
    treatment: {
      ...{ id: "t0", workload: "", parameters: {}, runtime, options: {}, runtimeLabel: runtime },
      ...{ threads: String(workerCount), workerCount },
    },
    ...{
      result,
      traceHash,
      coreCount,
      onNoise: "refuse",
      tookNs: 0,
      trace,
      records,
      expected: referenceChecksums(trace),
    },
  });
}

function tell(
  what: string,
  rows: readonly TrialRow[],
  { isHit, goal }: { isHit: (row: TrialRow) => boolean; goal: string },
): void {
  const hits = rows.filter(isHit).length;
  const foreign = rows
    .flatMap(({ metrics }) => (metrics === null ? [] : [leafOf(metrics, "foreignCoreShare") ?? Number.NaN]))
    .sort((a, b) => a - b);
  const at = (q: number): string => (foreign[Math.ceil(q * foreign.length) - 1] ?? Number.NaN).toFixed(2);
  console.log(
    `${what}: ${hits} of ${rows.length} ${goal}; foreign CPU p5 ${at(0.05)}, p50 ${at(0.5)}, p95 ${at(0.95)} of a core`,
  );
  const others = rows.filter((row) => !isHit(row));
  const reasons = new Map<string, number>();
  for (const { runtime, threads, outcome, invalidBecause } of others) {
    const text = `${runtime} with ${threads}: ${outcome}, ${invalidBecause.join("; ").replaceAll(/[\d.]+/g, "#")}`;
    reasons.set(text, (reasons.get(text) ?? 0) + 1);
  }
  for (const [text, count] of reasons) console.log(`  ${count} × ${text}`);
}
