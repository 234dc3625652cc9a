/** What a trial took: CPU by kind of thread, memory, switches, and the peer's CPU. */
import type { TrialFacts } from "../../harness/trial/trial.ts";
import type { Metric, Unit } from "./metric.ts";

/** Null where the machine or the runtime has no such figure. */
export interface Resources {
  readonly elapsedNs: number | null;
  readonly cpuRuntimeNs: number | null;
  readonly cpuHarnessNs: number | null;
  readonly cpuEngineNs: number | null;
  readonly rssBytes: number | null;
  readonly voluntarySwitchCount: number | null;
  readonly involuntarySwitchCount: number | null;
  readonly peerCpuNs: number | null;
  readonly peerCoreShare: number | null;
}

export function resourcesOf({ resources, peer }: TrialFacts): Resources {
  const cpuNs = resources === null ? null : resources.cpuNs;
  return {
    elapsedNs: resources === null ? null : resources.elapsedNs,
    cpuRuntimeNs: cpuNs === null ? null : cpuNs.runtime,
    cpuHarnessNs: cpuNs === null ? null : cpuNs.harness,
    cpuEngineNs: cpuNs === null ? null : cpuNs.engine,
    rssBytes: resources === null ? null : resources.rssBytes,
    voluntarySwitchCount: resources === null ? null : resources.voluntarySwitches,
    involuntarySwitchCount: resources === null ? null : resources.involuntarySwitches,
    peerCpuNs: peer === null ? null : peer.cpuNs,
    peerCoreShare: peer === null ? null : peer.coreShare,
  };
}

const THREADS = "/proc/self/task between the epoch and the end of the trial (proc(5)).";

const rows: readonly [keyof Resources, Unit, Metric["better"], string, string][] = [
  ["elapsedNs", "ns", "neither", "From the epoch to the end of the trial.", "CLOCK_MONOTONIC."],
  ["cpuRuntimeNs", "ns", "lower", "CPU time of the runtime's workers.", THREADS],
  ["cpuHarnessNs", "ns", "lower", "CPU time of witness and releaser.", THREADS],
  ["cpuEngineNs", "ns", "lower", "CPU time of the engine's own threads: compiler, collector.", THREADS],
  ["rssBytes", "bytes", "lower", "Resident memory of the trial's process at its end.", "proc(5)."],
  ["voluntarySwitchCount", "count", "neither", "Context switches of threads that waited.", THREADS],
  ["involuntarySwitchCount", "count", "neither", "Context switches of threads that were preempted.", THREADS],
  ["peerCpuNs", "ns", "neither", "CPU time of the echo peer.", "The peer's own report."],
  [
    "peerCoreShare",
    "share",
    "neither",
    "Share of one core that the echo peer took.",
    "The peer's own report.",
  ],
];

export const resourceMetrics: readonly Metric[] = rows.map(([name, unit, better, definition, source]) => ({
  name,
  section: "resources",
  unit,
  better,
  definition,
  source,
  of: ({ resources }) => resources[name],
}));
