/**
 * What the sensors of a trial say, in figures: who else was on the cores, what stopped it, and how late the harness
 * itself was. They tell whether a trial may be believed (`reports/judge/validity.ts`), not how good a runtime is.
 */
import type { MachineSamples, TrialFacts } from "../../harness/trial/trial.ts";
import { tickRow } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import {
  NONE,
  TASK_AFTER,
  TASK_CLASS,
  TASK_DUE,
  TASK_F64,
  TASK_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";
import { MIN_SENSOR_SAMPLES, WORST_STRETCH_NS } from "../judge/bounds.ts";
import { endNsOf, STARTS, SUBMITTED, TASK_BYTES, TASK_DOUBLES, tickCountOf } from "../rows.ts";
import type { Canaries } from "./canaries.ts";
import type { Metric, Unit } from "./metric.ts";
import { blockOvershootsOf } from "./overshoot.ts";
import { quantile } from "./quantile.ts";

/** The tail of a sensor; its p99 is null below 100 samples. */
export interface Tail {
  readonly count: number;
  readonly p99: number | null;
  readonly max: number | null;
}

/** Null where nobody watched. Core shares count a whole core as 1. */
export interface SensorFigures {
  readonly foreignCoreShare: number | null;
  readonly stolenCoreShare: number | null;
  readonly throttledNs: number | null;
  readonly longestGapNs: number | null;
  readonly runDelayRuntimeNs: number | null;
  readonly runDelayHarnessNs: number | null;
  readonly releaserCoreShare: number | null;
  readonly witnessLatenessNs: Tail;
  readonly releaseLagNs: Tail;
  readonly blockOvershootNs: Tail;
}

export interface Sensed {
  readonly trace: Trace;
  readonly records: Records;
  readonly facts: TrialFacts;
  readonly canaries: Canaries;
}

export function measureSensors({ trace, records, facts, canaries }: Sensed): SensorFigures {
  const { sensors, resources } = facts;
  const machine = sensors === null ? null : sensors.machine;
  const gaps = sensors === null ? null : sensors.gaps;
  const runDelayNs = resources === null ? null : resources.runDelayNs;
  const releaserCpuNs = resources === null ? null : resources.releaserCpuNs;
  return {
    foreignCoreShare: machine === null ? null : worstShare(machine.atNs, machine.foreignNs),
    stolenCoreShare: machine === null ? null : worstShare(machine.atNs, machine.stealNs),
    throttledNs: machine?.throttledNs?.at(-1) ?? null,
    longestGapNs: gaps === null ? null : gaps.longestNs,
    runDelayRuntimeNs: runDelayNs === null ? null : runDelayNs.runtime,
    runDelayHarnessNs: runDelayNs === null ? null : runDelayNs.harness,
    releaserCoreShare:
      resources === null || releaserCpuNs === null || resources.elapsedNs === 0
        ? null
        : releaserCpuNs / resources.elapsedNs,
    witnessLatenessNs: tailOf(latenessOf(records)),
    releaseLagNs: tailOf(lagsOf(trace, records, canaries)),
    blockOvershootNs: tailOf(blockOvershootsOf(trace, records)),
  };
}

/** Length of the stretches that `worstShare` looks at: a second, or all there is. */
export function stretchNsOf({ atNs }: MachineSamples): number {
  const lengthNs = (atNs.at(-1) ?? 0) - (atNs[0] ?? 0);
  return Math.min(WORST_STRETCH_NS, lengthNs);
}

/**
 * The most that sums grew by in a second, as a share of the time: between any two samples at least a second apart
 * with none in between that is. A shorter trial is one stretch. Never below 0, which a reading may be by its error.
 */
function worstShare(atNs: readonly number[], sumsNs: readonly number[]): number | null {
  const last = atNs.length - 1;
  if (last < 1) return null;
  const shareOf = (from: number, to: number): number => {
    const grownNs = (sumsNs[to] as number) - (sumsNs[from] as number);
    return Math.max(0, grownNs / ((atNs[to] as number) - (atNs[from] as number)));
  };
  let worst: number | null = null;
  for (let from = 0, to = 1; from < last; from++) {
    while (to <= last && (atNs[to] as number) - (atNs[from] as number) < WORST_STRETCH_NS) to++;
    if (to > last) break;
    worst = Math.max(worst ?? 0, shareOf(from, to));
  }
  return worst ?? shareOf(0, last);
}

const TICK_DOUBLES = strideIn(tickRow, "f64");

function latenessOf(records: Records): Float64Array {
  const latenessNs = new Float64Array(tickCountOf(records));
  for (let tick = 0; tick < latenessNs.length; tick++) {
    const row = tick * TICK_DOUBLES;
    latenessNs[tick] =
      (records.tickF64[row + tickRow.index.atNs] as number) -
      (records.tickF64[row + tickRow.index.dueNs] as number);
  }
  return latenessNs;
}

/**
 * How late the releaser was with everything it released by the schedule: the roots of open loops that follow no
 * other task, and the canaries. What it never released counts up to the end of the trial.
 */
function lagsOf(trace: Trace, records: Records, canaries: Canaries): Float64Array {
  const lagsNs = new Float64Array(trace.rootCount + canaries.dueNs.length);
  const endNs = endNsOf(records);
  let count = 0;
  for (let task = 0; task < trace.rootCount; task++) {
    const words = task * TASK_U32;
    const dueNs = trace.taskF64[task * TASK_F64 + TASK_DUE] as number;
    const isOpen = trace.classes[trace.taskU32[words + TASK_CLASS] as number]?.loop === "open";
    if (!isOpen || trace.taskU32[words + TASK_AFTER] !== NONE || dueNs > endNs) continue;
    const submittedNs = records.taskF64[task * TASK_DOUBLES + SUBMITTED] as number;
    const isReleased = submittedNs > 0 || records.taskU8[task * TASK_BYTES + STARTS] !== 0;
    lagsNs[count++] = (isReleased ? submittedNs : endNs) - dueNs;
  }
  for (let canary = 0; canary < canaries.dueNs.length; canary++) {
    lagsNs[count++] = (canaries.submittedNs[canary] as number) - (canaries.dueNs[canary] as number);
  }
  return lagsNs.subarray(0, count);
}

function tailOf(values: Float64Array): Tail {
  const count = values.length;
  if (count === 0) return { count, p99: null, max: null };
  return {
    count,
    p99: count < MIN_SENSOR_SAMPLES ? null : quantile(values, 0.99),
    max: values.reduce((max, value) => Math.max(max, value)),
  };
}

const WATCHED = "/proc/stat, less the trial's process, its peer and the process that started it (proc(5)).";
const THREADS = "schedstat of /proc/self/task between the epoch and the end of the trial (proc(5)).";

const singles: readonly [Exclude<keyof SensorFigures, TailName>, Unit, string, string][] = [
  [
    "foreignCoreShare",
    "share",
    "CPU time that others took, in cores, in the second in which they took most; of the whole trial where it is shorter.",
    WATCHED,
  ],
  [
    "stolenCoreShare",
    "share",
    "CPU time that the hypervisor kept, in cores, in the second in which it kept most.",
    "/proc/stat (proc(5)).",
  ],
  [
    "throttledNs",
    "ns",
    "Time in which a quota kept the trial's control groups from the CPU; null where no group tells.",
    "cpu.stat of the control groups.",
  ],
  [
    "longestGapNs",
    "ns",
    "The longest time for which the witness was neither asleep nor at work nor waiting for a core.",
    "The witness's lateness less what its schedstat explains; right to a tick of the kernel, up to 10 ms.",
  ],
  [
    "runDelayRuntimeNs",
    "ns",
    "Time in which workers were ready to run and waited for a core, over all workers.",
    THREADS,
  ],
  ["runDelayHarnessNs", "ns", "The same, of witness and releaser.", THREADS],
  ["releaserCoreShare", "share", "CPU time of the releaser, in cores; spinning is in it.", THREADS],
];

type TailName = "witnessLatenessNs" | "releaseLagNs" | "blockOvershootNs";

const tails: readonly [TailName, string, string][] = [
  ["witnessLatenessNs", "how late the witness looked, a look a millisecond", "Ticks of the witness."],
  [
    "releaseLagNs",
    "how late the releaser handed over what was due by the schedule, canaries too",
    "Task and canary records.",
  ],
  ["blockOvershootNs", "how much longer than asked a block lasted", "Hold records."],
];

const tailFields: readonly [keyof Tail, Unit, string][] = [
  ["count", "count", "Samples of"],
  ["p99", "ns", `99th percentile of (null below ${MIN_SENSOR_SAMPLES} samples)`],
  ["max", "ns", "Largest value of"],
];

export const sensorMetrics: readonly Metric<{ readonly sensors: SensorFigures }>[] = [
  ...singles.map(
    ([name, unit, definition, source]): Metric<{ readonly sensors: SensorFigures }> => ({
      ...{ name, section: "sensors", unit, better: "neither", definition, source },
      of: ({ sensors }) => sensors[name],
    }),
  ),
  ...tails.flatMap(([name, what, source]) =>
    tailFields.map(
      ([field, unit, meaning]): Metric<{ readonly sensors: SensorFigures }> => ({
        ...{ name: `${name}.${field}`, section: "sensors", unit, better: "neither", source },
        definition: `${meaning} ${name}: ${what}.`,
        of: ({ sensors }) => sensors[name][field],
      }),
    ),
  ),
];
