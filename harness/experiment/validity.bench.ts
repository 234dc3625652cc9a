/**
 * Whether trials are refused when, and only when, something else spoiled them. Goals: on a quiet machine at least
 * 95 % of the trials of cpu-mix and block-k are valid at 1x, 2x and 4x; beside a neighbour that burns one core at
 * least 95 % are refused, and every one that was stopped for 100 ms.
 *
 * Takes some twelve minutes; an argument sets the number of trials a case. The first goal needs a quiet machine.
 */
import { availableParallelism } from "node:os";
import type { TrialRow } from "../../reports/analyze.ts";
import { leafOf } from "../../reports/metrics/tree.ts";
import { runtimes } from "../../runtimes/catalog.ts";
import { workloads } from "../../workloads/catalog.ts";
import { parseParameters } from "../../workloads/parameter.ts";
import { build } from "../../workloads/trace/build.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import { calibrate } from "../machine/calibration.ts";
import { startNeighbour, stoppedTrial } from "./selftest/disturbance.ts";
import { type JudgedTrial, type LiveTrial, withLive } from "./selftest/live.ts";
import { type Subject, subjectOf } from "./selftest/subject.ts";

const TRIALS = Number(process.argv[2] ?? 40);
const STOPPED_TRIALS = Number(process.argv[2] ?? 50);
/** The epoch is 20 ms after `ready`. */
const STOP = { afterMs: 100, lengthMs: 100 } as const;
const NEIGHBOUR_LIMIT_MS = 300e3;
const MULTIPLIERS = [1, 2, 4];
const coreCount = availableParallelism();
const subjects = runtimes
  .map(({ name }) => subjectOf(name))
  .filter(({ time, missingBecause }) => time === "live" && missingBecause === null);
const many = subjects.filter(({ workers }) => workers !== "one");
const one = subjects.filter(({ workers }) => workers === "one");

const machine = { coreCount, unitNs: calibrate().unitNs, signal: new AbortController().signal };
await withLive(machine, async (live) => {
  const loads = ["cpu-mix", "block-k"].map((name) => ({ name, traces: tracesOf(name) }));
  const valid = { isHit: (row: TrialRow) => row.valid, goal: "valid, goal ≥ 95 %" };
  for (const { name, traces } of loads) {
    for (const multiplier of MULTIPLIERS) {
      const trials = trialsOf(many, traces, { count: TRIALS, multiplier });
      tell(`quiet, ${name} at ${multiplier}x`, await rowsOf(trials, live.trial), valid);
    }
    const trials = trialsOf(one, traces, { count: TRIALS });
    tell(`quiet, ${name} with one worker`, await rowsOf(trials, live.trial), valid);
  }
  for (const { name, traces } of loads) {
    const neighbour = await startNeighbour(1, NEIGHBOUR_LIMIT_MS);
    const trials = trialsOf(subjects, traces, { count: TRIALS });
    const rows = await rowsOf(trials, live.trial).finally(neighbour.stop);
    tell(`beside a neighbour, ${name}`, rows, {
      isHit: ({ refusal }) => refusal === "noise",
      goal: "refused, goal ≥ 95 %",
    });
  }
  const traces = loads.flatMap((load) => load.traces);
  const trials = trialsOf(subjects, traces, { count: STOPPED_TRIALS });
  const stopped = await rowsOf(trials, (trial) => stoppedTrial(live, trial, STOP));
  tell(`stopped for ${STOP.lengthMs} ms`, stopped, {
    isHit: ({ sensors }) =>
      sensors?.some(({ sensor, verdict }) => sensor === "gap" && verdict === "beyond") === true,
    goal: "refused for that, goal: all",
  });
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

/** So many trials, of the runtimes in turn, each with the next trace and number of workers when it comes round. */
function trialsOf(
  among: readonly Subject[],
  traces: readonly Trace[],
  /** `multiplier`: workers a core, where the runtime takes more than one; absent: 1, 2 and 4 in turn. */
  { count, multiplier }: { readonly count: number; readonly multiplier?: number },
): LiveTrial[] {
  return Array.from({ length: count }, (_, index) => {
    const subject = among[index % among.length] as Subject;
    const turn = Math.floor(index / among.length);
    const times = multiplier ?? (MULTIPLIERS[turn % MULTIPLIERS.length] as number);
    const trace = traces[turn % traces.length] as Trace;
    return { trace, subject, workerCount: subject.workers === "one" ? 1 : times * coreCount };
  });
}

/** Runs the trials one after the other. */
async function rowsOf(
  trials: readonly LiveTrial[],
  run: (trial: LiveTrial) => Promise<JudgedTrial>,
): Promise<TrialRow[]> {
  const rows: TrialRow[] = [];
  for (const trial of trials) rows.push((await run(trial)).row);
  return rows;
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
