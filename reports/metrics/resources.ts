/** What a trial took: CPU by kind of thread, idle time, pauses, memory, switches, and the peer's CPU. */
import type { TrialFacts } from "../../harness/trial/trial.ts";
import type { Records } from "../../runtimes/records.ts";
import {
  endNsOf,
  LANE_DOUBLES,
  LANE_GC,
  LANE_GC_LONGEST,
  LANE_GC_WATCHED,
  LANE_IDLE,
  LANE_WORDS,
} from "../rows.ts";
import { recordsIdle } from "./idle.ts";
import type { Better, Metric, Unit } from "./metric.ts";

/** Null where the machine or the runtime has no such figure. */
export interface Resources {
  readonly elapsedNs: number | null;
  readonly cpuRuntimeNs: number | null;
  readonly cpuHarnessNs: number | null;
  readonly cpuEngineNs: number | null;
  readonly idleShare: number | null;
  readonly gcNs: number | null;
  readonly gcLongestNs: number | null;
  readonly rssBytes: number | null;
  readonly rssGrownBytes: number | null;
  readonly voluntarySwitchCount: number | null;
  readonly involuntarySwitchCount: number | null;
  readonly peerCpuNs: number | null;
  readonly peerCoreShare: number | null;
}

export function resourcesOf({ resources, peer }: TrialFacts, records: Records): Resources {
  const cpuNs = resources === null ? null : resources.cpuNs;
  return {
    elapsedNs: resources === null ? null : resources.elapsedNs,
    cpuRuntimeNs: cpuNs === null ? null : cpuNs.runtime,
    cpuHarnessNs: cpuNs === null ? null : cpuNs.harness,
    cpuEngineNs: cpuNs === null ? null : cpuNs.engine,
    idleShare: idleShareOf(records),
    ...gcOf(records),
    rssBytes: resources === null ? null : resources.rssBytes,
    rssGrownBytes: grownBytes(resources),
    voluntarySwitchCount: resources === null ? null : resources.voluntarySwitches,
    involuntarySwitchCount: resources === null ? null : resources.involuntarySwitches,
    peerCpuNs: peer === null ? null : peer.cpuNs,
    peerCoreShare: peer === null ? null : peer.coreShare,
  };
}

function grownBytes(resources: TrialFacts["resources"]): number | null {
  if (resources === null || resources.rssBytes === null || resources.rssAtEpochBytes === null) return null;
  return resources.rssBytes - resources.rssAtEpochBytes;
}

function idleShareOf(records: Records): number | null {
  if (!recordsIdle(records)) return null;
  const workerCount = records.shape.laneCount - 1;
  const endNs = endNsOf(records);
  let idleNs = 0;
  for (let worker = 0; worker < workerCount; worker++) {
    // What a worker recorded while the witness ended the trial lies beyond that end.
    idleNs += Math.min(records.laneF64[worker * LANE_DOUBLES + LANE_IDLE] as number, endNs);
  }
  return endNs === 0 ? null : idleNs / (workerCount * endNs);
}

/** null unless every worker was watched to the end; a runtime without a collector watches none. */
function gcOf(records: Records): Pick<Resources, "gcNs" | "gcLongestNs"> {
  let gcNs = 0;
  let gcLongestNs = 0;
  for (let worker = 0; worker < records.shape.laneCount - 1; worker++) {
    if (records.laneU32[worker * LANE_WORDS + LANE_GC_WATCHED] === 0)
      return { gcNs: null, gcLongestNs: null };
    gcNs += records.laneF64[worker * LANE_DOUBLES + LANE_GC] as number;
    gcLongestNs = Math.max(gcLongestNs, records.laneF64[worker * LANE_DOUBLES + LANE_GC_LONGEST] as number);
  }
  return { gcNs, gcLongestNs };
}

const THREADS = "/proc/self/task between the epoch and the end of the trial (proc(5)).";

const rows: readonly [keyof Resources, Unit, Better, string, string][] = [
  ["elapsedNs", "ns", "neither", "From the epoch to the end of the trial.", "CLOCK_MONOTONIC."],
  ["cpuRuntimeNs", "ns", "lower", "CPU time of the runtime's workers.", THREADS],
  ["cpuHarnessNs", "ns", "lower", "CPU time of witness and releaser.", THREADS],
  ["cpuEngineNs", "ns", "lower", "CPU time of the engine's own threads: compiler, collector.", THREADS],
  [
    "idleShare",
    "share",
    "neither",
    "Share of the workers' time from the epoch to the end of the trial in which they had nothing to poll.",
    "Idle stretches, from the end of a worker's last poll to the start of its next; null where a runtime records none.",
  ],
  [
    "gcNs",
    "ns",
    "lower",
    "Time in which the engine collected garbage on a worker's thread, over all workers.",
    "The engine's own stamps; null where a worker has no engine, or did not leave by itself.",
  ],
  ["gcLongestNs", "ns", "lower", "The longest pause of a worker for a collection of garbage.", "As gcNs."],
  [
    "rssBytes",
    "bytes",
    "neither",
    "Resident memory of the trial's process at its end: the engine, trace and records among it.",
    "proc(5).",
  ],
  [
    "rssGrownBytes",
    "bytes",
    "lower",
    "rssBytes less what the same process had at the epoch, when its runtime was ready and had run nothing of the load; the rows that were recorded since are in it, as many on every runtime but for holds and idle stretches.",
    "proc(5).",
  ],
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

export const resourceMetrics: readonly Metric<{ readonly resources: Resources }>[] = rows.map(
  ([name, unit, better, definition, source]) => ({
    name,
    section: "resources",
    unit,
    better,
    definition,
    source,
    of: ({ resources }) => resources[name],
  }),
);
