/** One trial, from what it left behind to its row in the document: judged first, measured only if it may be. */
import { strict as assert } from "node:assert";
import type { OnNoise, PlannedTrial, Treatment, TrialFacts, TrialResult } from "../harness/trial/trial.ts";
import type { Records } from "../runtimes/records.ts";
import type { Loop, Trace } from "../workloads/trace/trace.ts";
import { littleBroken, littlesLaw } from "./judge/little.ts";
import { noiseOf, type Reading, readingsOf, saturationOf } from "./judge/validity.ts";
import { type Counts, countsOf, divergedBecause, resultHashOf } from "./judge.ts";
import { lastWordsOf } from "./last-words.ts";
import type { Episode } from "./metrics/episodes.ts";
import { foreignSpansOf } from "./metrics/foreign.ts";
import type { ClassLatency, Quantity } from "./metrics/latency.ts";
import { measure } from "./metrics/measures.ts";
import type { Summary } from "./metrics/summary.ts";
import { fileMetrics, type MetricTree } from "./metrics/tree.ts";
import { isCutOff, lostStretchesOf } from "./rows.ts";
import { type Timeline, timelineOf } from "./timeline.ts";

/**
 * Why a trial counts for nothing: the machine or the load's generator spoiled it, so that another attempt may
 * succeed; its work is not proven or its records contradict themselves; or it left no records at all.
 */
export type Refusal = "noise" | "identity" | "failure";

export type Outcome = "completed" | "timed-out" | "crashed" | "unsupported" | "diverged";

export interface ClassRow extends Readonly<Record<Quantity, Summary>> {
  /** closed: waits start where the task was handed over, and there is no lag. */
  readonly loop: Loop;
  readonly count: number;
}

/** A trial in the document. */
export interface TrialRow {
  readonly id: string;
  readonly treatmentId: string;
  readonly round: number;
  readonly attempt: number;
  /** Wall-clock time from starting its process to its end, ns. */
  readonly tookNs: number;
  readonly workload: string;
  /** As typed, with its options. */
  readonly runtime: string;
  /** As typed. */
  readonly threads: string;
  readonly workerCount: number;
  readonly outcome: Outcome;
  readonly valid: boolean;
  /** null if and only if it is valid. */
  readonly refusal: Refusal | null;
  /** Empty if and only if it is valid. */
  readonly invalidBecause: readonly string[];
  /** What a reader should know of a trial all the same. */
  readonly warnings: readonly string[];
  readonly traceHash: string;
  /** The proof of work; null unless every planned task is done. */
  readonly resultHash: string | null;
  readonly counts: Counts | null;
  /** null: nothing was measured, or the work is not proven. */
  readonly metrics: MetricTree<number | null> | null;
  /** What each sensor says of the trial, against its bound; null: virtual time, or the work is not proven. */
  readonly sensors: readonly Reading[] | null;
  /** The longest episodes of starvation at each threshold, with the holds under them. */
  readonly episodes: readonly Episode[] | null;
  readonly classes: Readonly<Record<string, ClassRow>> | null;
  readonly runtimeStats: Readonly<Record<string, number>> | null;
  readonly timeline: Timeline | null;
}

export interface TrialEvidence {
  readonly planned: PlannedTrial;
  readonly treatment: Treatment;
  readonly result: TrialResult;
  readonly tookNs: number;
  /** Hash of the trace's bytes as they stand in the run folder. */
  readonly traceHash: string;
  /** Cores that the run had, as planned. */
  readonly coreCount: number;
  readonly onNoise: OnNoise;
  /** These three are required where the result is `completed`, and not looked at otherwise. */
  readonly trace: Trace | null;
  readonly records: Records | null;
  /** The reference's checksums, by task id. */
  readonly expected: Uint32Array | null;
}

/** The row of one trial. */
export function judgeTrial(evidence: TrialEvidence): TrialRow {
  const { planned, treatment, result } = evidence;
  const judged =
    result.outcome === "completed"
      ? judgeCompleted(evidence, result.facts)
      : { outcome: result.outcome, refusal: "failure" as const, invalidBecause: causeOf(evidence, result) };
  return {
    id: planned.id,
    treatmentId: planned.treatmentId,
    round: planned.round,
    attempt: planned.attempt,
    tookNs: evidence.tookNs,
    workload: treatment.workload,
    runtime: treatment.runtimeLabel,
    threads: treatment.threads,
    workerCount: treatment.workerCount,
    ...NOTHING_MEASURED,
    ...judged,
    traceHash: planned.traceHash,
    valid: judged.refusal === null,
  };
}

/** In the order in which the document shows the fields. */
export const NOTHING_MEASURED: Omit<
  TrialRow,
  "id" | "treatmentId" | "round" | "attempt" | "tookNs" | "workload" | "runtime" | "threads" | "workerCount"
> = {
  outcome: "crashed",
  valid: false,
  refusal: null,
  invalidBecause: [],
  warnings: [],
  traceHash: "",
  resultHash: null,
  counts: null,
  metrics: null,
  sensors: null,
  episodes: null,
  classes: null,
  runtimeStats: null,
  timeline: null,
};

type Judged = Pick<TrialRow, "outcome" | "refusal" | "invalidBecause"> & Partial<TrialRow>;

function judgeCompleted(evidence: TrialEvidence, facts: TrialFacts): Judged {
  const { planned, treatment, trace, traceHash, records, expected } = evidence;
  assert(
    trace !== null && records !== null && expected !== null,
    `trial ${planned.id} is completed: judging it takes its trace, its records and the reference`,
  );
  const { workerCount } = treatment;
  const plannedHash = planned.traceHash;
  const counts = countsOf(trace, records);
  const reasons = divergedBecause({ trace, traceHash, plannedHash, records, facts, workerCount, expected });
  const late = facts.runtimeReturned ? [] : [NOT_RETURNED];
  if (reasons.length > 0) {
    return { outcome: "diverged", refusal: "identity", invalidBecause: [...reasons, ...late], counts };
  }
  const cores = { coreCount: evidence.coreCount, workerCount };
  const foreign = foreignSpansOf(facts.sensors, cores);
  const measures = measure({ trace, records, facts, coreCount: evidence.coreCount, foreign });
  const law = littlesLaw(trace, records);
  const sensors = readingsOf({ trace, records, facts, figures: measures.sensors, law, ...cores });
  const isTolerant = evidence.onNoise === "warn";
  const disturbances = noiseOf(sensors ?? []);
  const noise = isTolerant ? [] : disturbances;
  const lie = littleBroken(law);
  const lies = lie === null ? [] : [lie];
  return {
    outcome: facts.runtimeReturned ? "completed" : "timed-out",
    refusal: refusalOf({ lies, late, noise }),
    invalidBecause: [...lies, ...late, ...noise],
    warnings: [
      ...(isTolerant ? disturbances.map((reason) => `noise: ${reason}`) : []),
      ...warningsOf(trace, records, counts),
      ...lostStretches(records),
    ],
    resultHash: resultHashOf(trace, records),
    counts,
    metrics: fileMetrics((metric) => metric.of(measures)),
    sensors,
    episodes: measures.episodes.told,
    classes: Object.fromEntries(measures.classes.map((row) => [row.name, classRow(row)])),
    runtimeStats: facts.runtimeStats,
    timeline: timelineOf(records, measures.windowNs),
  };
}

/** The gravest of the reasons against a trial: records that lie, a runtime that stayed, a machine that was shared. */
function refusalOf(reasons: Readonly<Record<"lies" | "late" | "noise", readonly string[]>>): Refusal | null {
  if (reasons.lies.length > 0) return "identity";
  if (reasons.late.length > 0) return "failure";
  return reasons.noise.length > 0 ? "noise" : null;
}

const NOT_RETURNED =
  "the runtime did not return after it was told to stop; its records were sealed by the witness";

function classRow(latency: ClassLatency): ClassRow {
  const { loop, count, lagNs, waitNs, resumeWaitNs, serviceNs, responseNs } = latency;
  return { loop, count, lagNs, waitNs, resumeWaitNs, serviceNs, responseNs };
}

function warningsOf(trace: Trace, records: Records, { planned, unserved }: Counts): string[] {
  const saturation = saturationOf(trace, records);
  return [
    ...(saturation === null ? [] : [saturation]),
    ...(isCutOff(trace, records) && unserved > 0
      ? [`cut off with ${unserved} of ${planned} tasks not done`]
      : []),
  ];
}

function lostStretches(records: Records): string[] {
  let lost = 0;
  for (let lane = 0; lane < records.shape.laneCount; lane++) lost += lostStretchesOf(records, lane);
  return lost === 0
    ? []
    : [`${lost} idle stretches or collector pauses found no room in the records and are in their sums only`];
}

type Failed = Exclude<TrialResult, { outcome: "completed" }>;

/** Why a trial that left no records counts for nothing, the last thing its process said, and what its author can do. */
function causeOf({ planned, treatment }: TrialEvidence, result: Failed): string[] {
  if (result.outcome === "unsupported") return [`the runtime has no op "${result.op}"`];
  const cause = result.outcome === "crashed" ? result.cause.message : result.message;
  const lastWords = lastWordsOf(result.stderrTail);
  const reasons = lastWords === "" ? [cause] : [cause, `its last words: ${lastWords}`];
  if (treatment.runtimeModule === undefined) return reasons;
  const printed = lastWords === "" ? "" : ` All it printed: trials/${planned.id}/stderr.txt.`;
  const asked = result.outcome === "timed-out" ? "Does every call of its scheduler return? " : "";
  return [...reasons, `${asked}Check it: isoload selftest --runtime ${typedOf(treatment)}.${printed}`];
}

/** A user's runtime with all its options, as it could be typed. */
function typedOf({ runtime, options }: Treatment): string {
  const settings = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  return settings.length === 0 ? runtime : `${runtime}:${settings.join(",")}`;
}
