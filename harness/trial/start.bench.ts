/**
 * From spawning a trial's process to "ready to measure". Goals at one worker a core: TypeScript runtimes
 * within 250 ms, native ones within 200 ms, median. Interleaved.
 */
import { availableParallelism } from "node:os";
import { runtimes } from "../../runtimes/catalog.ts";
import { build } from "../../workloads/trace/build.ts";
import { runOne } from "./fixtures/one-trial.ts";

const ROUNDS = 11;

const trace = build(
  {
    classes: [{ name: "empty" }],
    measured: "empty",
    windowNs: 0,
    connectionCount: 0,
    streams: [
      {
        release: { loop: "open", arrivals: { kind: "at-once", count: 10 } },
        variants: [{ share: 1, class: "empty", ops: [] }],
      },
    ],
  },
  1,
  { periodNs: 1e6 },
);
const live = runtimes.filter((runtime) => runtime.time === "live" && runtime.availability().available);
const startupMs = new Map(live.map(({ name }) => [name, [] as number[]]));
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, workers } of live) {
    const workerCount = workers === "one" ? 1 : availableParallelism();
    const { result } = await runOne({ trace, runtime: name, workerCount });
    if (result.outcome !== "completed") throw new Error(`${name}: ${JSON.stringify(result)}`);
    startupMs.get(name)?.push(result.startupNs / 1e6);
  }
}
for (const [name, samples] of startupMs) {
  const sorted = samples.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.floor(share * (sorted.length - 1))] as number).toFixed(0);
  const goal = name.startsWith("native") ? 200 : 250;
  console.log(
    `ready after spawn, ${name}: median ${at(0.5)} ms, ${at(0)}–${at(1)} ms (goal ≤ ${goal}, n = ${ROUNDS})`,
  );
}
