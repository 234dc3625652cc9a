/**
 * The loop that runs an experiment: asks what is next, runs those trials one after another, judges each as
 * soon as it has ended, and keeps the result on disk up to date.
 */
import { strict as assert } from "node:assert";
import { join } from "node:path";
import type { TrialRow } from "../../reports/analyze.ts";
import { ATTEMPT_LIMIT, expectedTrialCount } from "../../reports/attempts.ts";
import type { ResultDocument } from "../../reports/report.ts";
import { beginTrial, commitTrial, removeUnfinished, tracePath, writeResult } from "../store/store.ts";
import type { Abort } from "../trial/abort.ts";
import type { TrialRequest } from "../trial/run-trial.ts";
import type { Environment, Plan, PlannedTrial, Treatment, TrialResult } from "../trial/trial.ts";
import { isoloadVersion } from "../trial/version.ts";
import { documentOf, judgeStored, resultText } from "./analysis.ts";
import type { Experiment } from "./experiment.ts";
import type { References } from "./references.ts";

/** What happens, as plain data for whoever shows it. */
export type Progress =
  | { readonly kind: "building"; readonly built: number; readonly total: number }
  | {
      readonly kind: "planned";
      readonly run: string;
      readonly trialCount: number;
      readonly notes: readonly string[];
    }
  | (Position & { readonly kind: "started" })
  | (Position & {
      readonly kind: "running";
      readonly endedCount: number;
      readonly plannedCount: number;
    })
  | (Position & { readonly kind: "ended"; readonly row: TrialRow });

interface Position {
  /** From 1. */
  readonly index: number;
  /** Grows with every trial that is refused and will be run again. */
  readonly trialCount: number;
  readonly treatment: Treatment;
  readonly round: number;
  /** From 1. */
  readonly attempt: number;
  readonly attemptLimit: number;
  /** null until a trial has ended. */
  readonly remainingNs: number | null;
}

/** How a trial is run: the real one starts a process, a scripted one plays a result in tests. */
export type RunTrial = (request: TrialRequest) => Promise<TrialResult>;

/** Monotonic time in ns: the machine's, or in tests one that is played like the trials. */
export type ReadClock = () => number;

export interface LoopRequest {
  readonly run: string;
  readonly plan: Plan;
  readonly environment: Environment;
  readonly experiment: Experiment;
  readonly references: References;
  /** Rows of the trials that are complete already. */
  readonly judged: readonly TrialRow[];
  readonly runTrial: RunTrial;
  readonly readClock: ReadClock;
  readonly onProgress: (progress: Progress) => void;
  /** Aborting stops the current trial and keeps what is complete. */
  readonly signal: Abort;
}

export interface LoopOutcome {
  readonly document: ResultDocument;
  readonly interrupted: boolean;
}

/** From spawning to `ready`. */
const START_LIMIT_NS = 30e9;
/** What a trial may take beyond its window and drain before it is killed from outside. */
const MARGIN_NS = 20e9;
/** Loading the trace and sealing the records, on a slow disk. */
const TASK_LIMIT_NS = 2e3;

/** Only the holder of the run's lock may call it. */
export async function runLoop(request: LoopRequest): Promise<LoopOutcome> {
  const { run, plan, environment, experiment, signal } = request;
  const rows = [...request.judged];
  let document = documentOf({ plan, environment, rows });
  writeResult(run, resultText(document));
  for (let next = experiment(rows); next.kind === "round"; next = experiment(rows)) {
    for (const planned of next.trials) {
      const row = await runOne(request, {
        planned,
        index: rows.length + 1,
        ...outlook(plan, rows),
      });
      if (row === null) {
        removeUnfinished(run);
        return { document, interrupted: true };
      }
      rows.push(row);
      document = documentOf({ plan, environment, rows });
      writeResult(run, resultText(document));
    }
  }
  return { document, interrupted: signal.aborted && document.state === "partial" };
}

/** null: it was interrupted, and nothing of it counts. */
async function runOne(
  request: LoopRequest,
  at: { planned: PlannedTrial; index: number } & Outlook,
): Promise<TrialRow | null> {
  const { run, plan, references, readClock, onProgress, signal } = request;
  const { planned, index, trialCount, remainingNs } = at;
  if (signal.aborted) return null;
  const treatment = plan.treatments.find(({ id }) => id === planned.treatmentId);
  assert(treatment !== undefined, `trial ${planned.id} has no treatment ${planned.treatmentId}`);
  const position: Position = {
    ...{ index, trialCount, treatment, remainingNs },
    ...{ round: planned.round, attempt: planned.attempt, attemptLimit: ATTEMPT_LIMIT },
  };
  onProgress({ kind: "started", ...position });
  const trace = references.traceOf(planned.traceHash);
  let result: TrialResult;
  const startedNs = readClock();
  try {
    result = await request.runTrial({
      settings: {
        isoloadVersion,
        runtime: treatment.runtime,
        runtimeModule: treatment.runtimeModule ?? null,
        options: treatment.options,
        workerCount: treatment.workerCount,
        coreCount: plan.coreCount,
        unitNs: plan.unitNs,
        // Relative to the trial's folder, so that a run can be moved and still be what was written.
        tracePath: join("..", "..", tracePath(planned.traceHash)),
        traceHash: planned.traceHash,
        recordsPath: "records.bin",
      },
      folder: beginTrial(run, planned.id),
      startDeadlineNs: START_LIMIT_NS + trace.taskCount * TASK_LIMIT_NS,
      deadlineNs: trace.windowNs + trace.drainNs + MARGIN_NS + trace.taskCount * TASK_LIMIT_NS,
      node: { executable: process.execPath, flags: [] },
      onEvent: (event) => {
        if (event.event === "progress") onProgress({ ...event, kind: "running", ...position });
      },
      signal,
    });
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
  commitTrial(run, { planned, result, tookNs: readClock() - startedNs });
  const row = judgeStored(run, { plan, planned, references });
  onProgress({ kind: "ended", ...position, row });
  return row;
}

type Outlook = Pick<Position, "trialCount" | "remainingNs">;

function outlook(plan: Plan, rows: readonly TrialRow[]): Outlook {
  const trialCount = expectedTrialCount(plan, rows);
  if (rows.length === 0) return { trialCount, remainingNs: null };
  const tookNs = rows.reduce((sum, row) => sum + row.tookNs, 0);
  return { trialCount, remainingNs: (tookNs / rows.length) * (trialCount - rows.length) };
}
