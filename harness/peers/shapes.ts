/** The workload shapes of the bench, one row each. */
import type { Family } from "./contestant.ts";
import type { FigureName, Job } from "./job.ts";

/** How many tasks a job has. Pools take fewer where their rate would make a round last minutes. */
interface TaskCounts {
  readonly pool: number;
  readonly others: number;
}

export type Size = "full" | "quick";

export interface Shape {
  /** As written in flags and reports. */
  readonly name: string;
  readonly shows: string;
  readonly families: readonly Family[];
  /** The figures of its table; the first is the one that contestants are compared by. */
  readonly figures: readonly [FigureName, ...FigureName[]];
  readonly taskCounts: Readonly<Record<Size, TaskCounts>>;
  job(taskCount: number, unitNs: number): Job;
}

export interface JobRequest {
  readonly family: Family;
  readonly size: Size;
  readonly unitNs: number;
}

/** On as many cores: what the goals are stated for. */
const WORKERS = 2;
const IN_FLIGHT = 64;

const live: readonly Family[] = ["isoload", "program", "pool"];
const all: readonly Family[] = [...live, "model"];

const sameForAll = (full: number, quick: number): Shape["taskCounts"] => ({
  full: { pool: full, others: full },
  quick: { pool: quick, others: quick },
});

const emptyCounts: Shape["taskCounts"] = {
  full: { pool: 50_000, others: 1_000_000 },
  quick: { pool: 2_000, others: 50_000 },
};

/** 2 s on two cores: what an engine compiles in the first tenths of a second is no task's cost. */
const shortCounts: Shape["taskCounts"] = {
  full: { pool: 20_000, others: 80_000 },
  quick: { pool: 500, others: 500 },
};

export const shapes: readonly Shape[] = [
  {
    name: "empty-chained",
    shows: `empty tasks, ${IN_FLIGHT} in flight, each task's end submits the next: spawn and scheduler overhead`,
    families: live,
    figures: ["perSecond"],
    taskCounts: emptyCounts,
    job: (taskCount) => ({
      kind: "chained",
      workerCount: WORKERS,
      taskCount,
      units: 0,
      inFlight: IN_FLIGHT,
    }),
  },
  {
    name: "empty-injected",
    shows: "empty tasks, all submitted from outside: spawn and scheduler overhead",
    families: live,
    figures: ["perSecond"],
    taskCounts: emptyCounts,
    job: (taskCount) => ({ kind: "injected", workerCount: WORKERS, taskCount, units: 0 }),
  },
  cpu("cpu-50us", { ns: 50e3, workerCount: WORKERS, families: all, taskCounts: shortCounts }),
  cpu("cpu-1ms", { ns: 1e6, workerCount: WORKERS, families: all, taskCounts: sameForAll(1_000, 100) }),
  cpu("cpu-50us-8-workers", {
    ns: 50e3,
    workerCount: 8,
    families: ["isoload", "program"],
    taskCounts: shortCounts,
  }),
  latency(1, sameForAll(5_000, 500)),
  latency(64, sameForAll(20_000, 2_000)),
  latency(1024, sameForAll(50_000, 5_000)),
  {
    name: "memory",
    shows: "what a queued task takes: empty tasks, queued while all workers are held",
    families: live,
    figures: ["rssBytesPerTask", "heapBytesPerTask", "sharedBytesPerTask"],
    taskCounts: {
      full: { pool: 100_000, others: 500_000 },
      quick: { pool: 10_000, others: 100_000 },
    },
    job: (taskCount) => ({ kind: "memory", workerCount: WORKERS, taskCount, units: 0 }),
  },
  {
    name: "blocked",
    shows:
      "one of two workers is blocked for 100 ms with 300 tasks behind it: queued from within (pools: submitted after it)",
    families: live,
    figures: ["soonShare", "lateCount"],
    taskCounts: sameForAll(300, 300),
    job: (taskCount) => ({
      kind: "blocked",
      workerCount: WORKERS,
      taskCount,
      units: 0,
      blockNs: 100e6,
      withinNs: 5e6,
    }),
  },
];

/** The job of `shape` for a contestant of one family. */
export function jobOf(shape: Shape, { family, size, unitNs }: JobRequest): Job {
  const counts = shape.taskCounts[size];
  return shape.job(family === "pool" ? counts.pool : counts.others, unitNs);
}

interface CpuShape extends Pick<Shape, "families" | "taskCounts"> {
  readonly ns: number;
  readonly workerCount: number;
}

function cpu(name: string, { ns, workerCount, families, taskCounts }: CpuShape): Shape {
  return {
    name,
    shows: `tasks of about ${ns / 1e3} µs of CPU, ${IN_FLIGHT} in flight, ${workerCount} workers`,
    families,
    figures: ["perSecond"],
    taskCounts,
    job: (taskCount, unitNs) => ({
      kind: "chained",
      workerCount,
      taskCount,
      units: Math.max(1, Math.round(ns / unitNs)),
      inFlight: IN_FLIGHT,
    }),
  };
}

function latency(inFlight: number, taskCounts: Shape["taskCounts"]): Shape {
  return {
    name: `latency-${inFlight}`,
    shows: `from submitted to done, empty tasks in a closed loop, ${inFlight} in flight (submitted by a task on a worker; to pools by the main thread)`,
    families: live,
    figures: ["p50Ns", "p99Ns"],
    taskCounts,
    job: (taskCount) => ({ kind: "latency", workerCount: WORKERS, taskCount, units: 0, inFlight }),
  };
}
