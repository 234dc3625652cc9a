/** Verifies a run: every byte is as it was written, and the analysis of the raw records gives the result again. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { possibleTrials, uncalledFor } from "../../reports/attempts.ts";
import type { ResultDocument } from "../../reports/report.ts";
import { UsageError } from "../plan/usage-error.ts";
import { damageIn, SUMS_FILE } from "../store/checksums.ts";
import { DamageError, isForbidden } from "../store/damage-error.ts";
import { lockHolder } from "../store/lock.ts";
import {
  expectedPath,
  RESULT_FILE,
  readEnvironment,
  readExpected,
  readPlan,
  readResultText,
  readTrial,
  TRACES,
  TRIALS,
  tracePath,
  trialFolder,
} from "../store/store.ts";
import { z } from "../store/zod.ts";
import type { Plan, PlannedTrial } from "../trial/trial.ts";
import { analyzeStored, resultText } from "./analysis.ts";
import { freshReferences, type References } from "./references.ts";
import { resolveRun } from "./run-reference.ts";

export interface Verification {
  readonly run: string;
  /** One sentence each; empty: nothing is damaged. */
  readonly damage: readonly string[];
  /** The analysis re-run; null where damage forbids it. */
  readonly document: ResultDocument | null;
}

/**
 * `reference`: a path, an id, or "latest". Throws a UsageError where there is no run or somebody is writing it, and
 * what the system says of a file that may not be read. Writes nothing.
 */
export function verifyRun(reference: string): Verification {
  const run = resolveRun(reference);
  const holder = lockHolder(run);
  if (holder !== null) {
    const message = `process ${holder} is writing it. Verify it when that has ended.`;
    throw new UsageError([{ where: run, message }]);
  }
  const damage: string[] = [];
  const guard = <Value>(read: () => Value): Value | null => guarded(damage, read);
  damage.push(...damageIn(run, { whole: false }));
  const plan = guard(() => readPlan(run));
  const environment = guard(() => readEnvironment(run));
  if (plan === null || environment === null) return { run, damage, document: null };
  guard(() => damage.push(...strangers(run, plan)));
  const present = new Set(namesOf(join(run, TRIALS)));
  for (const planned of possibleTrials(plan)) {
    if (present.has(planned.id)) guard(() => damage.push(...trialDamage(run, planned)));
  }
  const references = freshReferences(run);
  for (const traceHash of new Set(plan.traces.map((trace) => trace.traceHash))) {
    guard(() => damage.push(...expectedDamage(run, plan, traceHash, references)));
  }
  if (damage.length > 0) return { run, damage: withMissing(run, damage), document: null };
  const document = guard(() => analyzeStored(run, { plan, environment }, references));
  for (const { id } of document === null ? [] : uncalledFor(plan, document.trials)) {
    damage.push(`${TRIALS}/${id} is an attempt that nothing called for`);
  }
  const result = guard(() => readResultText(run));
  if (document !== null && result !== null && result !== resultText(document)) {
    damage.push(`${RESULT_FILE} is not what the analysis of the records gives`);
  }
  return { run, damage: withMissing(run, damage), document: damage.length > 0 ? null : document };
}

/** Files and folders that are no part of a run. */
function strangers(run: string, plan: Plan): string[] {
  const traces = plan.traces.flatMap(({ traceHash }) => [tracePath(traceHash), expectedPath(traceHash)]);
  const known: Readonly<Record<string, readonly string[]>> = {
    "": [SUMS_FILE, "plan.json", "environment.json", RESULT_FILE, TRACES, TRIALS],
    [TRACES]: traces.map((path) => path.slice(TRACES.length + 1)),
    [TRIALS]: possibleTrials(plan).map(({ id }) => id),
  };
  return Object.entries(known).flatMap(([folder, names]) =>
    namesOf(join(run, folder))
      .filter((name) => !names.includes(name))
      .map((name) => `${join(folder, name)} does not belong to the run${leftOver(name)}`),
  );
}

function leftOver(name: string): string {
  return name.endsWith(".tmp") || name.startsWith("lock")
    ? ": a process that was killed left it; isoload run --resume removes it"
    : "";
}

function trialDamage(run: string, planned: PlannedTrial): string[] {
  const { id } = planned;
  const damage = damageIn(trialFolder(run, id), { whole: true });
  if (damage.length > 0) return damage.map((what) => `${TRIALS}/${id}: ${what}`);
  return isDeepStrictEqual(readTrial(run, id).planned, planned)
    ? []
    : [`${TRIALS}/${id}: trial.json is of another trial than the plan's`];
}

/** The kept reference results, against results computed anew. They are there once a trial has completed. */
function expectedDamage(run: string, plan: Plan, traceHash: string, references: References): string[] {
  const kept = readExpected(run, traceHash);
  const name = expectedPath(traceHash);
  if (kept === null) {
    const present = new Set(namesOf(join(run, TRIALS)));
    const isNeeded = possibleTrials(plan).some(
      (trial) =>
        trial.traceHash === traceHash &&
        present.has(trial.id) &&
        readTrial(run, trial.id).result.outcome === "completed",
    );
    return isNeeded ? [`${name} is missing`] : [];
  }
  const fresh = references.expectedOf(references.traceOf(traceHash), traceHash);
  const isSame = kept.length === fresh.length && kept.every((checksum, task) => checksum === fresh[task]);
  return isSame ? [] : [`${name} is not what the reference gives`];
}

/** Names the trials that the result has and the folder lacks: their absence alone shows in no other file. */
function withMissing(run: string, damage: readonly string[]): string[] {
  const present = new Set(namesOf(join(run, TRIALS)));
  const gone = resultTrialIds(run).filter((id) => !present.has(id));
  return [...damage, ...gone.map((id) => `${TRIALS}/${id} is missing`)];
}

/** Empty where the result cannot be read: that is damage by itself and said elsewhere. */
function resultTrialIds(run: string): string[] {
  try {
    const result = z.object({ trials: z.array(z.object({ id: z.string() })) });
    return result.parse(JSON.parse(readResultText(run))).trials.map(({ id }) => id);
  } catch {
    return [];
  }
}

function namesOf(folder: string): readonly string[] {
  return guarded([], () => readdirSync(folder)) ?? [];
}

/** What the world did to a file is damage; that it may not be read is none, and a defect of ours goes on. */
function guarded<Value>(damage: string[], read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (isForbidden(error)) throw error;
    if (error instanceof DamageError) damage.push(...error.damage);
    else if (error instanceof Error && "code" in error) damage.push(error.message);
    else throw error;
    return null;
  }
}
