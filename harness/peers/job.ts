/**
 * What a contestant is asked to do, and what it answers. Plain data: it crosses to other processes and languages.
 *
 * A task answers its checksum: its seed where it is empty, else its seed folded with what the kernel made of it,
 * which is what isoload's traces say. So the same work leaves the same digest everywhere.
 */

interface AnyJob {
  readonly workerCount: number;
  readonly taskCount: number;
  /** Kernel units that every task burns; 0: the tasks are empty. */
  readonly units: number;
}

export type Job =
  /** `inFlight` chains; each task's end submits the next of its chain. */
  | (AnyJob & { readonly kind: "chained"; readonly inFlight: number })
  /** All tasks are submitted at once from outside the workers. */
  | (AnyJob & { readonly kind: "injected" })
  /** As chained, each task stamped when it is submitted and when its end is known to who submitted it. */
  | (AnyJob & { readonly kind: "latency"; readonly inFlight: number })
  /** All tasks are queued while every worker is held. */
  | (AnyJob & { readonly kind: "memory" })
  /** One worker is blocked for `blockNs` with all tasks behind it; the other workers are idle. */
  | (AnyJob & { readonly kind: "blocked"; readonly blockNs: number; readonly withinNs: number });

export interface Answer {
  readonly doneCount: number;
  /** The checksums of all tasks, folded in the order of their ids. */
  readonly digest: number;
  readonly figures: Figures;
}

export type Figures = Readonly<Partial<Record<FigureName, number>>>;

export interface Figure {
  readonly unit: "perSecond" | "ns" | "bytes" | "share" | "count";
  readonly definition: string;
}

export type FigureName =
  | "perSecond"
  | "throughputPerSecond"
  | "p50Ns"
  | "p99Ns"
  | "rssBytesPerTask"
  | "heapBytesPerTask"
  | "sharedBytesPerTask"
  | "soonShare"
  | "lateCount";

export const figures: Readonly<Record<FigureName, Figure>> = {
  perSecond: {
    unit: "perSecond",
    definition:
      "Tasks a second from the first submission to the end of the last task; the same span for all.",
  },
  throughputPerSecond: {
    unit: "perSecond",
    definition:
      "isoload's own throughput: between the finishes at 5 % and at 95 %. Not compared with the others.",
  },
  p50Ns: {
    unit: "ns",
    definition:
      "Median of submitted to done, as the submitter sees it: a task on a worker for schedulers, the main thread for pools.",
  },
  p99Ns: { unit: "ns", definition: "The 99th percentile of the same." },
  rssBytesPerTask: {
    unit: "bytes",
    definition:
      "Growth of the process's resident memory a queued task. Pools and bare Tokio: while all are queued, pools after a collection. Through isoload: between a trial of a tenth of the tasks and one of all, at the end, so without what was given back by then.",
  },
  heapBytesPerTask: {
    unit: "bytes",
    definition: "Growth of the main thread's JavaScript heap a queued task, after a collection. Pools only.",
  },
  sharedBytesPerTask: {
    unit: "bytes",
    definition:
      "Shared memory a task by its layouts: its rows in trace and records, and in work-stealing's task table. Through isoload only.",
  },
  soonShare: {
    unit: "share",
    definition:
      "Share of the tasks behind the blocked worker that were done within 5 ms of their submission.",
  },
  lateCount: {
    unit: "count",
    definition: "Tasks behind the blocked worker that were done only after its block.",
  },
};

/** Reads what another process printed, or says what is wrong with it. */
export function readAnswer(text: string): Answer | { readonly wrong: string } {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return { wrong: `it answered ${JSON.stringify(text.slice(0, 200))}, which is no JSON` };
  }
  return isAnswer(read) ? read : { wrong: `it answered ${text.trim().slice(0, 200)}, which is no answer` };
}

function isAnswer(value: unknown): value is Answer {
  if (typeof value !== "object" || value === null) return false;
  if (!("doneCount" in value && "digest" in value && "figures" in value)) return false;
  const { doneCount, digest, figures: measured } = value;
  if (typeof doneCount !== "number" || typeof digest !== "number") return false;
  if (typeof measured !== "object" || measured === null) return false;
  return Object.entries(measured).every(
    ([name, figure]) => Object.hasOwn(figures, name) && typeof figure === "number" && Number.isFinite(figure),
  );
}
