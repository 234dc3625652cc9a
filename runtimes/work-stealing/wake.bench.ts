/**
 * How long waking a parked worker takes, from the releaser's hand-over to the first poll of the task, for both
 * ways to park: on its state word (goal: p50 ≤ 10 µs) and in the event loop, which it does while a reply is
 * pending (goal: p50 ≤ 15 µs). Tokio's, where the addon is there, stands beside it. One worker, so that the
 * releaser has a core of its own; the ways take turns.
 */
import { build } from "../../workloads/trace/build.ts";
import type { OpSpec, Stream } from "../../workloads/workload.ts";
import { drive, oneClass, type Row, stream } from "../conformance/drive.ts";
import { timeOf } from "../conformance/violations.ts";
import { native } from "../native/native.ts";
import { startPeer } from "../peer-process.ts";
import { workStealing } from "./work-stealing.ts";

const ROUNDS = 7;
const WINDOW_NS = 1e9;
const RATE_PER_SECOND = 500;

const arrivals: Stream = stream(
  { loop: "open", arrivals: { kind: "poisson", ratePerSecond: RATE_PER_SECOND } },
  [],
);
const pending: OpSpec = { op: "echo", bytes: 1, replyDelayNs: WINDOW_NS };
const oneRequest: Stream = stream({ loop: "open", arrivals: { kind: "at-once", count: 1 } }, [pending]);

interface Way {
  readonly name: string;
  readonly row: Row;
  readonly hasPendingReply: boolean;
  readonly goalNs: number | null;
}

const ways: readonly Way[] = [
  {
    name: "work-stealing, futex",
    row: { runtime: workStealing, workerCount: 1 },
    hasPendingReply: false,
    goalNs: 10e3,
  },
  {
    name: "work-stealing, event loop",
    row: { runtime: workStealing, workerCount: 1 },
    hasPendingReply: true,
    goalNs: 15e3,
  },
  ...(native.availability().available
    ? [{ name: "native", row: { runtime: native, workerCount: 1 }, hasPendingReply: false, goalNs: null }]
    : []),
];

const peer = await startPeer();

/** From hand-over to first poll, of every task that found the worker parked. */
async function wakeUpsNs({ row, hasPendingReply }: Way, seed: number): Promise<number[]> {
  const streams = hasPendingReply ? [oneRequest, arrivals] : [arrivals];
  const trace = build(oneClass(streams, WINDOW_NS, hasPendingReply ? 1 : 0), seed, { periodNs: 0 });
  const { records } = await drive(row, trace, hasPendingReply ? peer.port : null);
  const samples: number[] = [];
  let lastFinishNs = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    const submittedNs = timeOf(records, task, "submittedNs");
    if (submittedNs > lastFinishNs + 100e3) samples.push(timeOf(records, task, "firstPollNs") - submittedNs);
    lastFinishNs = Math.max(lastFinishNs, timeOf(records, task, "firstPollNs"));
  }
  return samples.sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number;
const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );

const p50s = ways.map((): number[] => []);
const p99s = ways.map((): number[] => []);
let sampleCount = 0;
for (let round = 0; round < ROUNDS; round++) {
  for (const [index, way] of ways.entries()) {
    const samples = await wakeUpsNs(way, round + 1);
    sampleCount += samples.length;
    p50s[index]?.push(quantile(samples, 0.5));
    p99s[index]?.push(quantile(samples, 0.99));
  }
}
peer.stop();
for (const [index, { name, goalNs }] of ways.entries()) {
  const goal = goalNs === null ? "" : ` (goal ≤ ${goalNs / 1e3} µs)`;
  console.log(
    `${name}: p50 ${(median(p50s[index] ?? []) / 1e3).toFixed(1)} µs${goal}, p99 ${(median(p99s[index] ?? []) / 1e3).toFixed(1)} µs; medians of ${ROUNDS} rounds`,
  );
}
console.log(`${sampleCount} wake-ups in all`);
