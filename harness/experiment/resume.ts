/** Resumes a run: checks that it is the same run on the same machine, then runs what is missing. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { TrialRow } from "../../reports/analyze.ts";
import { expectedTrialCount } from "../../reports/attempts.ts";
import { monotonicNs } from "../../runtimes/clock.ts";
import { identifyModule } from "../../runtimes/user/module-file.ts";
import { workloads } from "../../workloads/catalog.ts";
import { hashOf } from "../../workloads/trace/trace.ts";
import type { Cores } from "../machine/cores.ts";
import { differences, observeEnvironment } from "../machine/environment.ts";
import { rebuildTrace } from "../plan/schedule.ts";
import { UsageError } from "../plan/usage-error.ts";
import { damageIn } from "../store/checksums.ts";
import { DamageError } from "../store/damage-error.ts";
import { lockRun } from "../store/lock.ts";
import {
  committedTrials,
  RESULT_FILE,
  readEnvironment,
  readPlan,
  readPlanText,
  removeUnfinished,
  TRIALS,
  trialFolder,
  writeResult,
} from "../store/store.ts";
import { PLAN_VERSION, parseVersions } from "../store/stored.ts";
import { runTrial } from "../trial/run-trial.ts";
import type { Environment, Plan } from "../trial/trial.ts";
import { isoloadVersion } from "../trial/version.ts";
import { documentOf, judgeCommitted, resultText } from "./analysis.ts";
import { runLoop } from "./loop.ts";
import { keptReferences } from "./references.ts";
import { constantRun } from "./run.ts";
import { resolveRun } from "./run-reference.ts";
import { type RunOutcome, type RunRequest, tokioVersion } from "./start.ts";

export interface ResumeRequest extends Omit<RunRequest, "draft" | "folder"> {
  /** A path, an id, or "latest". */
  readonly reference: string;
}

/**
 * Throws a UsageError where there is no such run or it is another one's (plan, version, trace, machine, module), and a
 * DamageError where a complete trial is not what was written. What is complete stays as it is, byte for byte.
 */
export async function resumeRun(request: ResumeRequest): Promise<RunOutcome> {
  const { cores, onProgress = () => undefined, signal = new AbortController().signal } = request;
  const run = resolveRun(request.reference);
  const lock = lockRun(run);
  if ("heldBy" in lock) {
    refuse(run, [`process ${lock.heldBy} is writing it. Wait until that has ended.`]);
  }
  try {
    refuse(run, otherVersion(readPlanText(run)));
    const plan = readPlan(run);
    const environment = readEnvironment(run);
    refuse(run, otherTraces(plan));
    refuse(
      run,
      damageIn(run, { whole: false }).map((damage) => `${damage}: it is not the run that was started.`),
    );
    removeUnfinished(run);
    const committed = committedTrials(run);
    const damage = [...committed].flatMap((id) =>
      damageIn(trialFolder(run, id), { whole: true }).map((what) => `${TRIALS}/${id}: ${what}`),
    );
    if (damage.length > 0) throw new DamageError(damage);
    const references = keptReferences(run);
    const judged = judgeCommitted(run, plan, references);
    const trialCount = expectedTrialCount(plan, judged) - judged.length;
    const experiment = constantRun(plan);
    const isDone = experiment(judged).kind === "done";
    if (!isDone) refuse(run, [...otherMachine(environment, cores), ...otherModules(plan)]);
    onProgress({ kind: "planned", run, trialCount, notes: plan.notes });
    if (isDone) return completeOutcome(run, { plan, environment, rows: judged });
    const outcome = await runLoop({
      ...{ run, plan, environment, references, judged, onProgress, signal },
      experiment,
      runTrial: request.runTrial ?? runTrial,
      readClock: request.readClock ?? monotonicNs,
    });
    return { run, ...outcome };
  } finally {
    if ("release" in lock) lock.release();
  }
}

/** A kill may have come between the last trial and the result; otherwise nothing is written. */
function completeOutcome(
  run: string,
  parts: { plan: Plan; environment: Environment; rows: readonly TrialRow[] },
): RunOutcome {
  const document = documentOf(parts);
  const content = resultText(document);
  const path = join(run, RESULT_FILE);
  if (!existsSync(path) || readFileSync(path, "utf8") !== content) writeResult(run, content);
  return { run, document, interrupted: false };
}

function refuse(run: string, reasons: readonly string[]): void {
  if (reasons.length > 0) throw new UsageError(reasons.map((message) => ({ where: run, message })));
}

function otherVersion(planText: string): string[] {
  const versions = parseVersions(planText);
  if (versions === null) return ["plan.json is no plan."];
  const different: string[] = [];
  if (versions.planVersion !== PLAN_VERSION) {
    different.push(
      `its plan is of version ${versions.planVersion} and this isoload writes ${PLAN_VERSION}. Start a new run.`,
    );
  }
  if (versions.isoloadVersion !== isoloadVersion) {
    different.push(
      `it was started by isoload ${versions.isoloadVersion} and this is ${isoloadVersion}. Resume it with that version or start a new run.`,
    );
  }
  return different;
}

/** The plan's traces, built anew one at a time: the same recipe must give the same bytes. */
function otherTraces(plan: Plan): string[] {
  return plan.traces.flatMap((planned) => {
    const rebuilt = rebuildTrace(plan, planned, workloads);
    const hash = "trace" in rebuilt ? hashOf(rebuilt.trace) : null;
    if (hash === planned.traceHash) return [];
    const came = "wrong" in rebuilt ? rebuilt.wrong : `it comes to ${hash} now`;
    return [
      `the trace of ${planned.workload} for round ${planned.round} is ${planned.traceHash} in the plan, and ${came}. Start a new run.`,
    ];
  });
}

/** The modules of users' own runtimes, read again: what is missing must run on the code of what is complete. */
function otherModules(plan: Plan): string[] {
  const runtimes = new Map(plan.treatments.map((treatment) => [treatment.runtime, treatment.runtimeModule]));
  return [...runtimes].flatMap(([runtime, module]) => {
    if (module === undefined) return [];
    const now = identifyModule(module.path);
    if ("sha256" in now && now.sha256 === module.sha256) return [];
    const came = "wrong" in now ? now.wrong : `${module.path} has another content now.`;
    return [`the runtime ${runtime} has changed: ${came} Put back what it was, or start a new run.`];
  });
}

function otherMachine(before: Environment, cores: Cores): string[] {
  return differences(before, observeEnvironment(cores, tokioVersion())).map(
    (difference) =>
      `its environment has changed: ${difference}. Resume it where it was started, or start a new run.`,
  );
}
