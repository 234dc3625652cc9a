/**
 * The process of one pool and one job: the job as its argument, the answer as JSON on its standard output.
 *
 * Its main thread is the pool's user, as in any program that has a pool; the tasks run on the pool's workers.
 */
import { strict as assert } from "node:assert";
import { readFileSync, writeSync } from "node:fs";
import { quantiles } from "../../../reports/metrics/quantile.ts";
import { monotonicNs } from "../../../runtimes/clock.ts";
import { fold } from "../../../workloads/trace/kernel.ts";
import type { Answer, Figures, Job } from "../job.ts";
import { Batch, closedLoop, injected } from "./batch.ts";
import { pools } from "./catalog.ts";
import type { OpenPool } from "./pool.ts";

/** What the process is told. */
export interface PoolOrder {
  readonly pool: string;
  readonly job: Job;
  readonly seedsPath: string;
  readonly warmUpCount: number;
}

const WARM_UP_IN_FLIGHT = 64;
/** A hold that nobody ends, ends by itself; the process is killed about then anyway. */
const HOLD_LIMIT_MS = 60_000;

await main(process.argv[2]);

async function main(order: string | undefined): Promise<void> {
  assert(order !== undefined, "usage: pool-process <order as JSON>");
  endWithParent();
  const { pool: name, job, seedsPath, warmUpCount }: PoolOrder = JSON.parse(order);
  const kind = pools.find((candidate) => candidate.name === name);
  assert(kind !== undefined, `no pool is called ${name}`);
  const isShort = job.kind !== "memory" && job.kind !== "blocked";
  const pool = await kind.open(job.workerCount, isShort ? "short" : "blocking");
  await closedLoop(new Batch(pool, new Uint32Array(warmUpCount).fill(1)), WARM_UP_IN_FLIGHT);
  const bytes = readFileSync(seedsPath);
  const seeds = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  const batch = new Batch(pool, seeds);
  const figures = await measure(job, batch, pool);
  const answer: Answer = { doneCount: batch.doneCount, digest: batch.checksums.reduce(fold, 0), figures };
  writeSync(1, `${JSON.stringify(answer)}\n`);
  process.exit(0);
}

function measure(job: Job, batch: Batch, pool: OpenPool): Promise<Figures> {
  switch (job.kind) {
    case "chained":
      return rate(batch, () => closedLoop(batch, job.inFlight));
    case "injected":
      return rate(batch, () => injected(batch));
    case "latency":
      return latency(batch, job.inFlight);
    case "memory":
      return memory(batch, pool, job.workerCount);
    case "blocked":
      return blocked(batch, pool, job);
  }
}

async function rate(batch: Batch, run: () => Promise<void>): Promise<Figures> {
  const startNs = monotonicNs();
  await run();
  return { perSecond: (batch.seeds.length * 1e9) / (monotonicNs() - startNs) };
}

async function latency(batch: Batch, inFlight: number): Promise<Figures> {
  const { submittedNs, endedNs, seeds } = batch;
  // One reading ends a task and submits the next, as in isoload.
  const onEnd = (task: number): void => {
    const nowNs = monotonicNs();
    endedNs[task] = nowNs;
    const next = task + inFlight;
    if (next >= seeds.length) return;
    submittedNs[next] = nowNs;
    batch.submit(next, onEnd);
  };
  for (let task = 0; task < Math.min(inFlight, seeds.length); task++) {
    submittedNs[task] = monotonicNs();
    batch.submit(task, onEnd);
  }
  await batch.done;
  const [p50Ns, p99Ns] = quantiles(
    endedNs.map((ns, task) => ns - (submittedNs[task] as number)),
    [0.5, 0.99],
  );
  assert(p50Ns !== undefined && p99Ns !== undefined);
  return { p50Ns, p99Ns };
}

/** Growth of heap and resident memory while all tasks are queued behind workers that are held. */
async function memory(batch: Batch, pool: OpenPool, workerCount: number): Promise<Figures> {
  const { gc } = globalThis;
  assert(gc !== undefined, "this shape needs --expose-gc");
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const holds = Array.from({ length: workerCount }, () => pool.run({ gate, limitMs: HOLD_LIMIT_MS }));
  const taskCount = batch.seeds.length;
  gc();
  const before = process.memoryUsage();
  for (let task = 0; task < taskCount; task++) batch.submit(task, () => undefined);
  gc();
  const queued = process.memoryUsage();
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  await Promise.all([batch.done, ...holds]);
  return {
    heapBytesPerTask: (queued.heapUsed - before.heapUsed) / taskCount,
    rssBytesPerTask: (queued.rss - before.rss) / taskCount,
  };
}

/** One task blocks its worker; all others are submitted right after it. */
async function blocked(batch: Batch, pool: OpenPool, job: Job & { kind: "blocked" }): Promise<Figures> {
  const { submittedNs, endedNs, seeds } = batch;
  const blockEnd = pool.run({ gate: new Int32Array(new SharedArrayBuffer(4)), limitMs: job.blockNs / 1e6 });
  for (let task = 0; task < seeds.length; task++) {
    submittedNs[task] = monotonicNs();
    batch.submit(task, () => {
      endedNs[task] = monotonicNs();
    });
  }
  await batch.done;
  const blockEndNs = await blockEnd;
  const soon = endedNs.filter((ns, task) => ns - (submittedNs[task] as number) <= job.withinNs);
  const late = endedNs.filter((ns) => ns >= blockEndNs);
  return { soonShare: soon.length / seeds.length, lateCount: late.length };
}

/** Standard input belongs to whoever started this process; when it ends, however that happens, so do we. */
function endWithParent(): void {
  process.stdin.on("end", () => process.kill(process.pid, "SIGKILL"));
  process.stdin.on("error", () => process.kill(process.pid, "SIGKILL"));
  process.stdin.resume();
}
