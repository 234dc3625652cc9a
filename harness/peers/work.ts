/** A job made concrete: one trace that says what every task is, for contestants of all families alike. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "../../workloads/trace/build.ts";
import { fold } from "../../workloads/trace/kernel.ts";
import { referenceChecksums } from "../../workloads/trace/reference.ts";
import { TASK_SEED, TASK_U32, type Trace } from "../../workloads/trace/trace.ts";
import type { Composition, OpSpec, Stream } from "../../workloads/workload.ts";
import type { Job } from "./job.ts";

export interface Work {
  readonly job: Job;
  readonly trace: Trace;
  /** The job's tasks are the ids from here on; those before it hold workers. */
  readonly firstTask: number;
  /** The reference's checksums, by id. */
  readonly expected: Uint32Array;
  /** What a contestant must answer that did all the work once. */
  readonly digest: number;
  /** A file of the job's tasks' seeds, u32 little-endian: what the peers outside isoload are given. */
  readonly seedsPath: string;
  /** Tasks of the same cost that a peer outside isoload runs before it is measured. isoload's trials have their own. */
  readonly warmUpCount: number;
  /** Measured cost of a kernel unit, for model time. */
  readonly unitNs: number;
}

const SEED = 1;
/** How long the workers are held while tasks are queued behind them in a trial of isoload. */
const HOLD_NS = 300e6;
/** A warm-up is at most so many tasks and at most about so long on one worker. */
const WARM_UP_TASKS = 5000;
const WARM_UP_NS = 100e6;

/** Makes works and keeps their files until it is closed. */
export class Workshop {
  readonly #unitNs: number;
  readonly #folder: string = mkdtempSync(join(tmpdir(), "isoload-peers-"));
  readonly #works = new Map<string, Work>();

  constructor(unitNs: number) {
    this.#unitNs = unitNs;
  }

  /** The same work for the same job, so that its reference is computed once. */
  workFor(job: Job): Work {
    const key = JSON.stringify(job);
    const known = this.#works.get(key);
    if (known !== undefined) return known;
    const trace = traceOf(job, job.taskCount);
    const firstTask = trace.taskCount - job.taskCount;
    const expected = referenceChecksums(trace);
    const seedsPath = join(this.#folder, `seeds-${this.#works.size}`);
    const seeds = Uint32Array.from(
      { length: job.taskCount },
      (_, task) => trace.taskU32[(firstTask + task) * TASK_U32 + TASK_SEED] as number,
    );
    writeFileSync(seedsPath, seeds);
    const warmUpCount =
      job.units === 0
        ? WARM_UP_TASKS
        : Math.min(WARM_UP_TASKS, Math.ceil(WARM_UP_NS / (job.units * this.#unitNs)));
    const digest = digestOf(expected.subarray(firstTask));
    const work = { job, trace, firstTask, expected, digest, seedsPath, warmUpCount, unitNs: this.#unitNs };
    this.#works.set(key, work);
    return work;
  }

  close(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/** Checksums in the order of their tasks, folded into one word. */
export function digestOf(checksums: Uint32Array): number {
  return checksums.reduce(fold, 0);
}

/** The trace of `job` with `taskCount` tasks beside those that hold workers. Without canaries: nobody else has any. */
export function traceOf(job: Job, taskCount: number): Trace {
  return build(compositionOf(job, taskCount), SEED, { periodNs: 0 });
}

function compositionOf(job: Job, taskCount: number): Composition {
  const task = { class: "task", ops: job.units === 0 ? [] : [{ op: "cpu", units: job.units } as const] };
  const counted = {
    classes: [{ name: "task" }, { name: "holder" }],
    measured: "task",
    windowNs: 0,
    connectionCount: 0,
  };
  const holders = (count: number, ops: readonly OpSpec[]): Stream => ({
    release: { loop: "open", arrivals: { kind: "at-once", count } },
    variants: [{ share: 1, class: "holder", ops }],
  });
  const injected: Stream = {
    release: { loop: "open", arrivals: { kind: "at-once", count: taskCount } },
    variants: [{ share: 1, ...task }],
  };
  switch (job.kind) {
    case "chained":
    case "latency": {
      const { inFlight: sessionCount } = job;
      const release = { loop: "closed", sessionCount, taskCount, thinkNs: 0 } as const;
      return { ...counted, streams: [{ release, variants: [{ share: 1, ...task }] }] };
    }
    case "injected":
      return { ...counted, streams: [injected] };
    case "memory":
      return { ...counted, streams: [holders(job.workerCount, [{ op: "block", ns: HOLD_NS }]), injected] };
    case "blocked": {
      const children = Array.from({ length: taskCount }, () => task);
      const ops = [{ op: "spawn", children } as const, { op: "block", ns: job.blockNs } as const];
      return { ...counted, streams: [holders(1, ops)] };
    }
  }
}
