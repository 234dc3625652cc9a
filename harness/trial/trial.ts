/**
 * The plain data of a trial: what is planned, what its process is told, what it says, what comes out.
 */
import type { ModuleIdentity } from "../../runtimes/user/module-file.ts";
import type { ParameterValues } from "../../workloads/parameter.ts";

/** One thing to be measured. Resolved once when the plan is parsed; readonly from there on. */
export interface Treatment {
  /** Short and unique within the plan, e.g. "t3". */
  readonly id: string;
  readonly workload: string;
  readonly parameters: ParameterValues;
  /** Name of the runtime, without options; of a user's own the path as typed. */
  readonly runtime: string;
  readonly options: ParameterValues;
  /** The runtime as typed, with its options, e.g. "work-stealing:lifo=off"; a module's own name follows. */
  readonly runtimeLabel: string;
  /** The module of a user's own runtime; absent: it stands in the catalogue. */
  readonly runtimeModule?: ModuleIdentity;
  /** The treatment whose control this is: the same, but each block is a sleep. Absent: it is nobody's. */
  readonly controlOf?: string;
  /** Why it has no control although controls were asked for; absent: it has one, or none were. */
  readonly noControlBecause?: string;
  /** As typed, e.g. "2x". */
  readonly threads: string;
  readonly workerCount: number;
}

/** One execution of a treatment in a fresh process. */
export interface PlannedTrial {
  /** Unique within the run and fit for a folder name, e.g. "r1-t3". */
  readonly id: string;
  readonly treatmentId: string;
  /** From 0; the trace of the round is built from the plan's seed + round. */
  readonly round: number;
  /** From 1. */
  readonly attempt: number;
  /** SHA-256 of the trace's bytes. */
  readonly traceHash: string;
}

/** What a trial process is told: the one file it is started with. */
export interface TrialSettings {
  readonly isoloadVersion: string;
  readonly runtime: string;
  /** The module that is the runtime; null: it stands in the catalogue. */
  readonly runtimeModule: ModuleIdentity | null;
  readonly options: ParameterValues;
  readonly workerCount: number;
  readonly coreCount: number;
  /** Measured cost of a kernel unit, for the runtime in virtual time. */
  readonly unitNs: number;
  /** Relative to the settings file's folder, as is `recordsPath`. */
  readonly tracePath: string;
  readonly traceHash: string;
  /** Where the process writes its sealed records. */
  readonly recordsPath: string;
}

/** What a trial process says on the channel to its parent. */
export type TrialEvent =
  /** The runtime is found; it starts its threads and warms up. */
  | { readonly event: "loaded" }
  | { readonly event: "ready"; readonly isoloadVersion: string; readonly runtimeVersion: string }
  | { readonly event: "progress"; readonly endedCount: number; readonly plannedCount: number }
  | { readonly event: "unsupported"; readonly op: string }
  | { readonly event: "done"; readonly facts: TrialFacts };

/** What is known of a completed trial beside its records. */
export interface TrialFacts {
  readonly runtimeVersion: string;
  /** The runtime's own counters, by the names it declares. */
  readonly runtimeStats: Readonly<Record<string, number>>;
  /** How the witness ended the trial: all was done, the cut-off came, or the runtime left before it was told to. */
  readonly ending: "all-ended" | "cut-off" | "left-early";
  /** false: it did not come back within its grace after the stop, and was abandoned. */
  readonly runtimeReturned: boolean;
  /** null for a runtime in virtual time. */
  readonly resources: TrialResources | null;
  /** null where the trace needs no peer. */
  readonly peer: PeerReport | null;
  /** null for a runtime in virtual time, and where the machine tells nothing. */
  readonly sensors: Sensors | null;
}

/** CPU of the trial's process between its epoch and its end; null where /proc is missing. */
export interface TrialResources {
  readonly elapsedNs: number;
  /** By kind of thread: the runtime's workers, our witness and releaser, the engine's own helpers. */
  readonly cpuNs: ByThread | null;
  /** How long they were ready to run and waited for a core, summed over the threads of a kind. */
  readonly runDelayNs: ByThread | null;
  /** Of `cpuNs.harness` what the releaser took. */
  readonly releaserCpuNs: number | null;
  /** By worker, of the thread that its lane names; null: no such thread of the process was alive at the end. */
  readonly workerCpuNs: readonly (number | null)[] | null;
  /** Resident memory of the process at its end, and at the epoch, when it was ready and had done nothing. */
  readonly rssBytes: number | null;
  readonly rssAtEpochBytes: number | null;
  readonly voluntarySwitches: number | null;
  readonly involuntarySwitches: number | null;
}

export interface ByThread {
  readonly runtime: number;
  readonly harness: number;
  readonly engine: number;
}

/** What the witness sensed of the machine under the trial. Times are ns since the trial's epoch. */
export interface Sensors {
  /** null where /proc/stat is missing. */
  readonly machine: MachineSamples | null;
  /** null where the kernel keeps no time of threads. */
  readonly gaps: { readonly longestNs: number; readonly rows: readonly Gap[] } | null;
}

/** Columns, one entry a sample; all but `atNs` are sums since the first sample. */
export interface MachineSamples {
  /** CPUs that the trial may use: the only ones that are watched. */
  readonly cpuCount: number;
  /** The first is taken before the epoch, the last after the end. */
  readonly atNs: readonly number[];
  /** CPU time of everything that isoload does not run. */
  readonly foreignNs: readonly number[];
  /** CPU time that the hypervisor kept. */
  readonly stealNs: readonly number[];
  /** Time in which a quota kept control groups from the CPU; null where no group tells. */
  readonly throttledNs: readonly number[] | null;
}

/** A stretch before `endNs` in which the whole process did not run, nor wait to. */
export interface Gap {
  readonly endNs: number;
  readonly lengthNs: number;
}

/** What the peer counted, warm-up excluded from requests and bytes. */
export interface PeerReport {
  readonly connectionCount: number;
  readonly requestCount: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly cpuNs: number;
  /** CPU share of one core while the trial ran; above 0.7 the trial is peer-limited. */
  readonly coreShare: number;
}

/** How a process ended that should have gone on. */
export interface ExitCause {
  readonly code: number | null;
  readonly signal: string | null;
  /** One sentence, e.g. "exit code 1 before it was ready". */
  readonly message: string;
}

/** What came of a trial, seen from outside. Records are accepted only whole, with exit code 0 and no signal. */
export type TrialResult =
  | { readonly outcome: "completed"; readonly facts: TrialFacts; readonly startupNs: number }
  | {
      readonly outcome: "timed-out";
      readonly limitNs: number;
      readonly message: string;
      /** The end of what the process printed: standard output, then standard error. */
      readonly stderrTail: string;
    }
  | { readonly outcome: "crashed"; readonly cause: ExitCause; readonly stderrTail: string }
  | { readonly outcome: "unsupported"; readonly op: string };

/** A trial as stored: the plan's row and what came of it. */
export interface StoredTrial {
  readonly planned: PlannedTrial;
  readonly result: TrialResult;
  /** Wall-clock time from starting its process to its end, ns. */
  readonly tookNs: number;
}

/** Everything that was to be measured, resolved. Written before the first trial starts. */
export interface Plan {
  readonly planVersion: number;
  readonly isoloadVersion: string;
  readonly seed: number;
  readonly roundCount: number;
  readonly durationNs: number;
  readonly canaryPeriodNs: number;
  readonly onNoise: OnNoise;
  readonly coreCount: number;
  readonly unitNs: number;
  readonly treatments: readonly Treatment[];
  readonly traces: readonly PlannedTrace[];
  /** In the order of execution. */
  readonly trials: readonly PlannedTrial[];
  /** Sentences for the user: merged treatments, ignored durations, runtimes that are missing. */
  readonly notes: readonly string[];
}

/** What becomes of a trial that something else disturbed: it counts for nothing, or it is marked. */
export type OnNoise = "refuse" | "warn";

export interface PlannedTrace {
  readonly traceHash: string;
  readonly workload: string;
  readonly parameters: ParameterValues;
  /** Each block of the load is a sleep in it. */
  readonly isControl: boolean;
  readonly round: number;
  readonly seed: number;
  readonly taskCount: number;
  readonly opCount: number;
}

/** What was true of the machine; null where it could not be read. */
export interface Environment {
  readonly isoloadVersion: string;
  readonly nodeVersion: string;
  readonly v8Version: string;
  readonly tokioVersion: string | null;
  readonly platform: string;
  readonly kernel: string;
  readonly cpuModel: string;
  readonly coreCount: number;
  /** Where the number of cores comes from: "affinity" or "cgroup quota". */
  readonly coreCountSource: string;
  readonly memoryBytes: number;
  readonly loadAverage1m: number;
  readonly calibration: Calibration;
}

export interface Calibration {
  /** Median cost of one kernel unit, ns. */
  readonly unitNs: number;
  /** Median cost of one reading of the clock, ns. */
  readonly clockReadNs: number;
  /** Median overshoot of a 1 ms sleep of a blocked thread, ns. */
  readonly sleepOvershootNs: number;
}
