/** Stand-in until the reports are merged. */

import type { PlannedTrial, Treatment, TrialResult } from "../harness/trial/trial.ts";
import type { Records } from "../runtimes/record.ts";
import type { Trace } from "../workloads/trace/trace.ts";

export interface TrialRow {
  readonly id: string;
  readonly treatmentId: string;
  readonly round: number;
  readonly attempt: number;
  readonly workload: string;
  readonly runtime: string;
  readonly threads: string;
  readonly workerCount: number;
  readonly outcome: "completed" | "timed-out" | "crashed" | "unsupported" | "diverged";
  readonly valid: boolean;
  readonly invalidBecause: readonly string[];
  readonly traceHash: string;
}

export interface TrialEvidence {
  readonly planned: PlannedTrial;
  readonly treatment: Treatment;
  readonly result: TrialResult;
  readonly trace: Trace | null;
  readonly traceHash: string;
  readonly records: Records | null;
  readonly expected: Uint32Array | null;
}

export function judgeTrial({ planned, treatment, result, traceHash }: TrialEvidence): TrialRow {
  return {
    ...planned,
    workload: treatment.workload,
    runtime: treatment.runtimeLabel,
    threads: treatment.threads,
    workerCount: treatment.workerCount,
    outcome: result.outcome,
    valid: result.outcome === "completed",
    invalidBecause: result.outcome === "completed" ? [] : [result.outcome],
    traceHash,
  };
}
