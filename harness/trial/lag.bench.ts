/**
 * How late tasks are released: 1,000 a second with an idle core beside the worker.
 * Goals: p50 at most 50 µs, p99 at most 500 µs. Interleaved.
 */
import { runtimes } from "../../runtimes/catalog.ts";
import { taskRecordRow } from "../../runtimes/record.ts";
import { build } from "../../workloads/trace/build.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import { TASK_DUE, TASK_F64 } from "../../workloads/trace/trace.ts";
import { runOne } from "./fixtures/one-trial.ts";

const ROUNDS = 7;

const trace = build(
  {
    classes: [{ name: "empty" }],
    measured: "empty",
    windowNs: 2e9,
    connectionCount: 0,
    streams: [
      {
        release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 1000 } },
        variants: [{ share: 1, class: "empty", ops: [] }],
      },
    ],
  },
  1,
  { periodNs: 1e6 },
);
const live = runtimes.filter((runtime) => runtime.time === "live" && runtime.availability().available);
const figures = new Map(live.map(({ name }) => [name, { p50: [] as number[], p99: [] as number[] }]));
for (let round = 0; round < ROUNDS; round++) {
  for (const { name } of live) {
    const { result, records } = await runOne({ trace, runtime: name, workerCount: 1 });
    if (records === null) throw new Error(`${name}: ${JSON.stringify(result)}`);
    const lagNs = Float64Array.from({ length: trace.taskCount }, (_, task) => {
      const submittedNs =
        records.taskF64[task * strideIn(taskRecordRow, "f64") + taskRecordRow.index.submittedNs];
      return (submittedNs as number) - (trace.taskF64[task * TASK_F64 + TASK_DUE] as number);
    }).sort();
    const quantile = (q: number): number => lagNs[Math.ceil(q * lagNs.length) - 1] as number;
    figures.get(name)?.p50.push(quantile(0.5));
    figures.get(name)?.p99.push(quantile(0.99));
  }
}
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number;
for (const [name, { p50, p99 }] of figures) {
  console.log(
    `release lag at 1,000 a second, ${name}, one worker: p50 ${(median(p50) / 1e3).toFixed(0)} µs (goal ≤ 50), ` +
      `p99 ${(median(p99) / 1e3).toFixed(0)} µs (goal ≤ 500); medians of n = ${ROUNDS} trials of ${trace.taskCount} tasks`,
  );
}
