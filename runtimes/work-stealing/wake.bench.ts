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
/** So often that processor and code are awake (the goals are for this), and so seldom that both have gone cold. */
const RATES_PER_SECOND = [4000, 500] as const;
/** A worker that ended its last task so long ago has parked. */
const PARKED_NS = 20e3;

const arrivalsAt = (ratePerSecond: number): Stream =>
  stream({ loop: "open", arrivals: { kind: "poisson", ratePerSecond } }, []);
const pending: OpSpec = { op: "echo", bytes: 1, replyDelayNs: WINDOW_NS };
const oneRequest: Stream = stream({ loop: "open", arrivals: { kind: "at-once", count: 1 } }, [pending]);

interface Way {
  readonly name: string;
  readonly row: Row;
  readonly hasPendingReply: boolean;
  readonly ratePerSecond: number;
  /** null: shown beside the others. */
  readonly goalNs: number | null;
}

const ours: Row = { runtime: workStealing, workerCount: 1 };

const ways: readonly Way[] = RATES_PER_SECOND.flatMap((ratePerSecond, index) => {
  const goal = (ns: number): number | null => (index === 0 ? ns : null);
  const futex = { name: "work-stealing, futex", row: ours, hasPendingReply: false, goalNs: goal(10e3) };
  const loop = { name: "work-stealing, event loop", row: ours, hasPendingReply: true, goalNs: goal(15e3) };
  const tokio = {
    name: "native",
    row: { runtime: native, workerCount: 1 },
    hasPendingReply: false,
    goalNs: null,
  };
  const all = native.availability().available ? [futex, loop, tokio] : [futex, loop];
  return all.map((way) => ({ ...way, ratePerSecond }));
});

const peer = await startPeer();

/** From hand-over to first poll, of every task that found the worker parked; sorted. */
async function wakeUpsNs({ row, hasPendingReply, ratePerSecond }: Way, seed: number): Promise<number[]> {
  const arrivals = arrivalsAt(ratePerSecond);
  const streams = hasPendingReply ? [oneRequest, arrivals] : [arrivals];
  const trace = build(oneClass(streams, WINDOW_NS, hasPendingReply ? 1 : 0), seed, { periodNs: 0 });
  const { records } = await drive(row, trace, hasPendingReply ? peer.port : null);
  const samples: number[] = [];
  let lastPollNs = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    const submittedNs = timeOf(records, task, "submittedNs");
    const firstPollNs = timeOf(records, task, "firstPollNs");
    if (submittedNs > lastPollNs + PARKED_NS) samples.push(firstPollNs - submittedNs);
    lastPollNs = Math.max(lastPollNs, firstPollNs);
  }
  return samples.sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number;
const medianUs = (valuesNs: readonly number[]): string =>
  (
    quantile(
      valuesNs.toSorted((a, b) => a - b),
      0.5,
    ) / 1e3
  ).toFixed(1);

const seen = ways.map((way) => ({ way, p50s: [] as number[], p99s: [] as number[], count: 0 }));
for (let round = 0; round < ROUNDS; round++) {
  for (const row of seen) {
    const samples = await wakeUpsNs(row.way, round + 1);
    row.count += samples.length;
    row.p50s.push(quantile(samples, 0.5));
    row.p99s.push(quantile(samples, 0.99));
  }
}
peer.stop();
for (const { way, p50s, p99s, count } of seen) {
  const goal = way.goalNs === null ? "" : ` (goal ≤ ${way.goalNs / 1e3} µs)`;
  console.log(
    `${way.ratePerSecond} a second, ${way.name}: p50 ${medianUs(p50s)} µs${goal}, p99 ${medianUs(p99s)} µs; ${count} wake-ups in ${ROUNDS} rounds`,
  );
}
