/** One trial, from what it left behind to its row in the document: judged first, measured only if it may be. */
import { strict as assert } from "node:assert";
import type { PlannedTrial, Treatment, TrialFacts, TrialResult } from "../harness/trial/trial.ts";
import type { Records } from "../runtimes/records.ts";
import type { Loop, Trace } from "../workloads/trace/trace.ts";
import { type Counts, countsOf, divergedBecause, resultHashOf } from "./judge.ts";
import type { Episode } from "./metrics/episodes.ts";
import type { ClassLatency, Quantity } from "./metrics/latency.ts";
import { measure } from "./metrics/measures.ts";
import type { Summary } from "./metrics/summary.ts";
import { fileMetrics, type MetricTree } from "./metrics/tree.ts";
import { isCutOff, lostStretchesOf } from "./rows.ts";
import { type Timeline, timelineOf } from "./timeline.ts";

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
  readonly workload: string;
  /** As typed, with its options. */
  readonly runtime: string;
  /** As typed. */
  readonly threads: string;
  readonly workerCount: number;
  readonly outcome: Outcome;
  readonly valid: boolean;
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
  /** Hash of the trace's bytes as they stand in the run folder. */
  readonly traceHash: string;
  /** Cores that the run had, as planned. */
  readonly coreCount: number;
  /** These three are required where the result is `completed`, and not looked at otherwise. */
  readonly trace: Trace | null;
  readonly records: Records | null;
  /** The reference's checksums, by task id. */
  readonly expected: Uint32Array | null;
}

/** A peer this busy is the limit itself. */
export const PEER_LIMITED_CORE_SHARE = 0.7;

/** The row of one trial. */
export function judgeTrial(evidence: TrialEvidence): TrialRow {
  const { planned, treatment, result } = evidence;
  const judged =
    result.outcome === "completed"
      ? judgeCompleted(evidence, result.facts)
      : { outcome: result.outcome, invalidBecause: causeOf(result) };
  return {
    id: planned.id,
    treatmentId: planned.treatmentId,
    round: planned.round,
    attempt: planned.attempt,
    workload: treatment.workload,
    runtime: treatment.runtimeLabel,
    threads: treatment.threads,
    workerCount: treatment.workerCount,
    ...NOTHING_MEASURED,
    ...judged,
    traceHash: planned.traceHash,
    valid: judged.outcome === "completed",
  };
}

/** In the order in which the document shows the fields. */
const NOTHING_MEASURED = {
  outcome: "crashed",
  valid: false,
  invalidBecause: [],
  warnings: [],
  traceHash: "",
  resultHash: null,
  counts: null,
  metrics: null,
  episodes: null,
  classes: null,
  runtimeStats: null,
  timeline: null,
} as const satisfies Partial<TrialRow>;

type Judged = Pick<TrialRow, "outcome" | "invalidBecause"> & Partial<TrialRow>;

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
  if (reasons.length > 0) return { outcome: "diverged", invalidBecause: [...reasons, ...late], counts };
  // No sensor of a trial says when others were on its cores.
  const measures = measure({ trace, records, facts, coreCount: evidence.coreCount, foreign: null });
  return {
    outcome: facts.runtimeReturned ? "completed" : "timed-out",
    invalidBecause: late,
    warnings: [...warningsOf(facts, counts, isCutOff(trace, records)), ...lostStretches(records)],
    resultHash: resultHashOf(trace, records),
    counts,
    metrics: fileMetrics((metric) => metric.of(measures)),
    episodes: measures.episodes.told,
    classes: Object.fromEntries(measures.classes.map((row) => [row.name, classRow(row)])),
    runtimeStats: facts.runtimeStats,
    timeline: timelineOf(records, measures.windowNs),
  };
}

const NOT_RETURNED =
  "the runtime did not return after it was told to stop; its records were sealed by the witness";

function classRow(latency: ClassLatency): ClassRow {
  const { loop, count, lagNs, waitNs, resumeWaitNs, serviceNs, responseNs } = latency;
  return { loop, count, lagNs, waitNs, resumeWaitNs, serviceNs, responseNs };
}

function warningsOf({ peer }: TrialFacts, { planned, unserved }: Counts, cutOff: boolean): string[] {
  const warnings: string[] = [];
  if (peer !== null && peer.coreShare > PEER_LIMITED_CORE_SHARE) {
    warnings.push(
      `peer-limited: the echo peer took ${peer.coreShare.toFixed(2)} of a core, so this is its limit rather than the runtime's`,
    );
  }
  if (cutOff && unserved > 0) warnings.push(`cut off with ${unserved} of ${planned} tasks not done`);
  return warnings;
}

function lostStretches(records: Records): string[] {
  let lost = 0;
  for (let lane = 0; lane < records.shape.laneCount; lane++) lost += lostStretchesOf(records, lane);
  return lost === 0
    ? []
    : [`${lost} idle stretches or collector pauses found no room in the records and are in their sums only`];
}

/** Why a trial that left no records counts for nothing, and the last thing its process said. */
function causeOf(result: Exclude<TrialResult, { outcome: "completed" }>): string[] {
  if (result.outcome === "unsupported") return [`the runtime has no op "${result.op}"`];
  const cause = result.outcome === "crashed" ? result.cause.message : result.message;
  const lastLine = result.stderrTail.trimEnd().split("\n").at(-1)?.trim() ?? "";
  return lastLine === "" ? [cause] : [cause, `its last words: ${lastLine.slice(0, 300)}`];
}
