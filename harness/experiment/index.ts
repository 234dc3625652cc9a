/**
 * The library: what the commands call, and what a program may.
 *
 *     const drafted = await draftPlan({ config: { workloads: ["block-k"], rounds: 3 } });
 *     if ("problems" in drafted) throw new UsageError(drafted.problems);
 *     const { document } = await runExperiment(drafted);
 *     for (const trial of document.trials) console.log(trial.runtime, figureOf(trial, "waitNs.p99"));
 */
import type { Picture } from "../../reports/lanes.ts";
import type { ResultDocument } from "../../reports/report.ts";
import { runtimes } from "../../runtimes/catalog.ts";
import { readCores } from "../machine/cores.ts";
import { type Examination, examine } from "../machine/doctor.ts";
import type { Config } from "../plan/config.ts";
import { UsageError } from "../plan/usage-error.ts";
import { readEnvironment, readPlan } from "../store/store.ts";
import { analyzeStored, analyzeWithIdeal, committedOf, pictureStored } from "./analysis.ts";
import { resolveRun } from "./run-reference.ts";

export type { TrialRow } from "../../reports/analyze.ts";
export { formats } from "../../reports/formats/catalog.ts";
export { lanesLines } from "../../reports/formats/lanes.ts";
export { trialsText } from "../../reports/formats/overview.ts";
export type { ResultDocument } from "../../reports/report.ts";
export { runtimes } from "../../runtimes/catalog.ts";
export type { Runtime } from "../../runtimes/runtime.ts";
export { workloads } from "../../workloads/catalog.ts";
export type { Parameter, Problem } from "../../workloads/parameter.ts";
export type { Workload } from "../../workloads/workload.ts";
export { readCores } from "../machine/cores.ts";
export type { Examination } from "../machine/doctor.ts";
export { noiseLines } from "../machine/doctor-noise.ts";
export type { Finding } from "../machine/finding.ts";
export type { Noise } from "../machine/noise.ts";
export type { Config } from "../plan/config.ts";
export { formatDuration } from "../plan/duration.ts";
export type { PlanDraft } from "../plan/plan.ts";
export { unknownName } from "../plan/unknown-name.ts";
export { formatProblem, MissingRuntimeError, UsageError } from "../plan/usage-error.ts";
export { DamageError } from "../store/damage-error.ts";
export type { Abort } from "../trial/abort.ts";
export { isoloadVersion } from "../trial/version.ts";
export { type Drafted, draftPlan, type PlanSources } from "./draft.ts";
export { figureOf } from "./figure.ts";
export type { Progress } from "./loop.ts";
export { type ResumeRequest, resumeRun } from "./resume.ts";
export { runProblems } from "./run-reference.ts";
export type { Answer } from "./selftest/answer.ts";
export { answerLine, selftestSummary } from "./selftest/line.ts";
export {
  type Selftest,
  type SelftestOptions,
  type SelftestProgress,
  selftest,
  selftestProblems,
} from "./selftest/selftest.ts";
export { type RunOutcome, type RunRequest, runExperiment } from "./start.ts";
export { summarizeTraces, type TraceSummary } from "./trace-summary.ts";
export { unlessAborted } from "./unless-aborted.ts";
export { loadUserRuntimes } from "./user-runtimes.ts";
export { type Verification, verifyRun } from "./verify.ts";

/** Gives a config file its types; the value stays as it is. */
export function defineConfig(config: Config): Config {
  return config;
}

/**
 * The result of a run, by the analysis of its raw records: nothing is run again and nothing is written.
 * `reference`: a path, an id, or "latest". With `ideal` the reference model stands beside the others whether or not
 * the run has trials of it: they are computed from its traces. Throws a UsageError where there is no run, a
 * DamageError where it cannot be read.
 */
export function analyzeRun(reference: string, { ideal = false }: { ideal?: boolean } = {}): ResultDocument {
  const run = resolveRun(reference);
  const analyze = ideal ? analyzeWithIdeal : analyzeStored;
  return analyze(run, { plan: readPlan(run), environment: readEnvironment(run) });
}

/**
 * One trial of a run, by its id or its place in the document from 1, with what its workers did over time. Throws a
 * UsageError where there is no such run or no such trial in it, a DamageError where it cannot be read.
 */
export function pictureTrial(reference: string, trial: string): Picture {
  const run = resolveRun(reference);
  const plan = readPlan(run);
  const picture = pictureStored(run, plan, trial);
  if (picture !== null) return picture;
  const ids = committedOf(run, plan).map(({ id }) => id);
  const advice =
    ids.length === 0
      ? "None has ended yet."
      : `Give one of ${ids.length} by its number or its id, from ${ids[0]} to ${ids.at(-1)}.`;
  const message = `the run has no complete trial ${JSON.stringify(trial)}. ${advice}`;
  throw new UsageError([{ where: "--trial", message }]);
}

/** What on this machine would spoil results, the worst first, and how noisy it is. Takes four seconds. */
export function examineMachine(): Promise<Examination> {
  return examine(readCores(), runtimes);
}
