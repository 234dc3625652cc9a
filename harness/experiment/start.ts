/** Starts a run: makes its folder, builds its traces, writes its plan, runs it. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as loopTurn } from "node:timers/promises";
import type { ResultDocument } from "../../reports/report.ts";
import { runtimes } from "../../runtimes/catalog.ts";
import { monotonicNs } from "../../runtimes/clock.ts";
import type { Cores } from "../machine/cores.ts";
import { observeEnvironment } from "../machine/environment.ts";
import type { PlanDraft } from "../plan/plan.ts";
import { buildTraces, schedule, traceCountOf } from "../plan/schedule.ts";
import { MissingRuntimeError, UsageError } from "../plan/usage-error.ts";
import { lockRun } from "../store/lock.ts";
import { createRunFolder, newRunId, RUNS_FOLDER, writePlan, writeTrace } from "../store/store.ts";
import type { Abort } from "../trial/abort.ts";
import { runTrial } from "../trial/run-trial.ts";
import type { Environment, Plan, PlannedTrace } from "../trial/trial.ts";
import { type Progress, type ReadClock, type RunTrial, runLoop } from "./loop.ts";
import { keptReferences } from "./references.ts";
import { constantRun } from "./run.ts";

export interface RunRequest {
  readonly draft: PlanDraft;
  readonly cores: Cores;
  /** The run's own folder, new or empty; undefined: a new one under .isoload/runs. */
  readonly folder?: string | undefined;
  readonly onProgress?: (progress: Progress) => void;
  /** Aborting stops the current trial, keeps what is complete and marks the run partial. */
  readonly signal?: Abort;
  /** Another way to run a trial; the default starts a process. */
  readonly runTrial?: RunTrial;
  /** Another clock to time trials by; the default is the machine's. */
  readonly readClock?: ReadClock;
}

export interface RunOutcome {
  readonly run: string;
  readonly document: ResultDocument;
  readonly interrupted: boolean;
}

/**
 * Throws a UsageError where the folder cannot be used, a MissingRuntimeError where a required runtime is
 * missing, and the signal's reason when it is aborted before the plan stands; nothing is left behind then.
 */
export async function runExperiment(request: RunRequest): Promise<RunOutcome> {
  const { draft, cores, onProgress = () => undefined, signal = new AbortController().signal } = request;
  const missing = draft.unavailable.filter(({ required }) => required);
  if (missing.length > 0) throw new MissingRuntimeError(missing);
  const run = request.folder ?? join(RUNS_FOLDER, newRunId(new Date()));
  const refused = createRunFolder(run);
  if (refused !== null) throw new UsageError([{ where: run, message: refused }]);
  const lock = lockRun(run);
  if ("heldBy" in lock) {
    throw new UsageError([{ where: run, message: `process ${lock.heldBy} has just started a run here.` }]);
  }
  try {
    const environment = observeEnvironment(cores, tokioVersion());
    const plan = await preparePlan({ run, draft, environment, onProgress, signal });
    const { notes } = plan;
    onProgress({ kind: "planned", run, trialCount: plan.trials.length, notes });
    const outcome = await runLoop({
      ...{ run, plan, environment, onProgress, signal },
      experiment: constantRun(plan),
      references: keptReferences(run),
      judged: [],
      runTrial: request.runTrial ?? runTrial,
      readClock: request.readClock ?? monotonicNs,
    });
    return { run, ...outcome };
  } finally {
    lock.release();
  }
}

/** The version of Tokio in the addon; null where it is missing. */
export function tokioVersion(): string | null {
  const native = runtimes.find(({ name }) => name === "native")?.availability();
  return native?.available === true ? native.version.replace(/^tokio /, "") : null;
}

interface Preparation {
  readonly run: string;
  readonly draft: PlanDraft;
  readonly environment: Environment;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: Abort;
}

async function preparePlan(preparation: Preparation): Promise<Plan> {
  const { run, draft, environment, onProgress, signal } = preparation;
  const total = traceCountOf(draft);
  const traces: PlannedTrace[] = [];
  try {
    for (const { trace, planned } of buildTraces(draft)) {
      writeTrace(run, trace, planned.traceHash);
      traces.push(planned);
      onProgress({ kind: "building", built: traces.length, total });
      // Lets an interruption through.
      await loopTurn();
      signal.throwIfAborted();
    }
    const plan = schedule(draft, traces, environment.calibration.unitNs);
    writePlan(run, plan, environment);
    return plan;
  } catch (error) {
    // Before the plan stands there is no run, and nothing worth keeping.
    rmSync(run, { recursive: true });
    throw error;
  }
}
