/**
 * What the sources of starvation cost: the same trial with a canary every 1 ms, every 5 ms and none, timer and local
 * canaries with them. Goals: at most 4 % of two cores at 1 ms and 1 % at 5 ms. Interleaved.
 *
 * The load is as light as can be, so that workers rest and each canary wakes one: what that costs is most of it. CPU
 * is what the trial's threads took by /proc, without the engine's own; holds and idle stretches are always recorded.
 */
import { runOne } from "../harness/trial/fixtures/one-trial.ts";
import { build } from "../workloads/trace/build.ts";
import { runtimes } from "./catalog.ts";

const ROUNDS = 7;
const CORES = 2;
const WINDOW_NS = 2e9;

const treatments = [
  { name: "none", periodNs: 0, goal: null },
  { name: "1 ms", periodNs: 1e6, goal: 0.04 },
  { name: "5 ms", periodNs: 5e6, goal: 0.01 },
] as const;

const trace = (periodNs: number) =>
  build(
    {
      classes: [{ name: "light" }],
      measured: "light",
      windowNs: WINDOW_NS,
      connectionCount: 0,
      streams: [
        {
          release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 100 } },
          variants: [{ share: 1, class: "light", ops: [{ op: "cpu", units: 200_000 }] }],
        },
      ],
    },
    1,
    { periodNs },
  );

const traces = new Map(treatments.map(({ name, periodNs }) => [name, trace(periodNs)]));
const live = runtimes.filter((runtime) => runtime.time === "live" && runtime.availability().available);

/** CPU of runtime and harness, as a share of the cores. */
async function cpuShare(runtime: string, workerCount: number, period: string): Promise<number> {
  const own = traces.get(period as (typeof treatments)[number]["name"]);
  if (own === undefined) throw new Error(`no trace with canaries of ${period}`);
  const { result } = await runOne({ trace: own, runtime, workerCount });
  const resources = result.outcome === "completed" ? result.facts.resources : null;
  if (resources === null || resources.cpuNs === null)
    throw new Error(`${runtime}: ${JSON.stringify(result)}`);
  return (resources.cpuNs.runtime + resources.cpuNs.harness) / (CORES * resources.elapsedNs);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number;
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

for (const { name, workers } of live) {
  const extra = new Map<string, number[]>();
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const shares = new Map<string, number>();
    for (let turn = 0; turn < treatments.length; turn++) {
      const treatment = treatments[(turn + round) % treatments.length];
      if (treatment === undefined) continue;
      shares.set(treatment.name, await cpuShare(name, workers === "one" ? 1 : CORES, treatment.name));
    }
    const none = shares.get("none") as number;
    bare.push(none);
    for (const [period, share] of shares) extra.set(period, [...(extra.get(period) ?? []), share - none]);
  }
  const told = treatments.flatMap(({ name: period, goal }) =>
    goal === null
      ? []
      : [`${percent(median(extra.get(period) ?? []))} at ${period} (goal ≤ ${percent(goal)})`],
  );
  console.log(
    `canaries of all kinds, ${name}: ${told.join(", ")} of ${CORES} cores; the trial without takes ${percent(median(bare))}; medians of n = ${ROUNDS} paired rounds of ${WINDOW_NS / 1e9} s`,
  );
}
