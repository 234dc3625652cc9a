/**
 * The run folder: everything a run leaves behind, written so that what is there is whole.
 *
 *     plan.json environment.json SHA256SUMS   before the first trial starts
 *     traces/<hash>.trace                     named by the hash of their bytes
 *     traces/<hash>.expected                  the reference's checksums, with a checksum of their own
 *     trials/<id>/                            one immutable folder a trial
 *     result.json                             rewritten after every trial; the analysis gives it again
 *
 * A run exists once SHA256SUMS does. A name ending in .tmp is unfinished.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Trace } from "../../workloads/trace/trace.ts";
import { decodeTrace } from "../../workloads/trace/trace.ts";
import { readAligned } from "../trial/aligned-file.ts";
import type { Environment, Plan, StoredTrial } from "../trial/trial.ts";
import { SUMS_FILE, sumsOf } from "./checksums.ts";
import { DamageError, isForbidden } from "./damage-error.ts";
import { syncPath, UNFINISHED, writeDurably } from "./durable.ts";
import { LOCK_FILE, lockHolder } from "./lock.ts";
import { formatJson, parseEnvironmentFile, parsePlanFile, parseTrialFile } from "./stored.ts";

export const RUNS_FOLDER: string = join(".isoload", "runs");
export const TRIALS = "trials";
export const TRACES = "traces";
export const RESULT_FILE = "result.json";
const PLAN_FILE = "plan.json";
const ENVIRONMENT_FILE = "environment.json";
const TRIAL_FILE = "trial.json";
const HASH_BYTES = 32;

/** Sorts by time, and two runs started at once differ. */
export function newRunId(now: Date): string {
  return `${now.toISOString().replace(/[:.]/g, "-").replace("Z", "")}-${randomBytes(3).toString("hex")}`;
}

/** Why a path cannot become a run folder, or null. Writes nothing. */
export function folderProblem(path: string): string | null {
  const advice = "Give a new or empty folder with -o.";
  if (path === "") return `is empty. ${advice}`;
  try {
    if (existsSync(path) && readdirSync(path).length > 0 && !isRemnant(path))
      return `is not empty. ${advice}`;
    accessSync(nearestExisting(path), constants.W_OK | constants.X_OK);
    return statSync(nearestExisting(path)).isDirectory() ? null : `is below a file. ${advice}`;
  } catch (error) {
    return `cannot be written: ${(error as Error).message}. ${advice}`;
  }
}

/** Makes an empty run folder, clearing a remnant, or answers why that path cannot be one. */
export function createRunFolder(path: string): string | null {
  const problem = folderProblem(path);
  if (problem !== null) return problem;
  try {
    // One by one: where the system refuses a name as unknown, like below /proc, `recursive` never returns.
    for (const missing of missingFolders(path)) mkdirSync(missing);
    for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true });
    mkdirSync(join(path, TRACES));
    mkdirSync(join(path, TRIALS));
    return null;
  } catch (error) {
    return `cannot be written: ${(error as Error).message}. Give a new or empty folder with -o.`;
  }
}

function nearestExisting(path: string): string {
  const [outermost] = missingFolders(path);
  return outermost === undefined ? path : dirname(outermost);
}

/** The folder and its parents that do not exist, the outermost first. */
function missingFolders(path: string): string[] {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at);
  return missing;
}

/** Writes what must stand before the first trial starts; from then on the run exists. */
export function writePlan(run: string, plan: Plan, environment: Environment): void {
  writeDurably(join(run, ENVIRONMENT_FILE), formatJson(environment));
  writeDurably(join(run, PLAN_FILE), formatJson(plan));
  const traces = [...new Set(plan.traces.map(({ traceHash }) => tracePath(traceHash)))];
  writeDurably(join(run, SUMS_FILE), sumsOf(run, [ENVIRONMENT_FILE, PLAN_FILE, ...traces]));
}

/** Whether there is, or was, a run: any of the files that only a run has. */
export function isRun(path: string): boolean {
  return [SUMS_FILE, PLAN_FILE, RESULT_FILE].some((name) => existsSync(join(path, name))) && !isRemnant(path);
}

/**
 * Whether this is all that a process left which was killed before its plan stood: nothing in it was measured,
 * and the folder can be used anew. Anything that is not surely ours makes it somebody's folder.
 */
export function isRemnant(path: string): boolean {
  const has = (name: string): boolean => existsSync(join(path, name));
  if (!has(TRACES) || has(SUMS_FILE) || has(RESULT_FILE) || lockHolder(path) !== null) return false;
  const isOurs = (name: string): boolean =>
    [TRACES, TRIALS, PLAN_FILE, ENVIRONMENT_FILE, LOCK_FILE].includes(name) || name.endsWith(UNFINISHED);
  const isTrace = (name: string): boolean => /^[0-9a-f]{64}\.trace(\.tmp)?$/.test(name);
  return (
    readdirSync(path).every(isOurs) &&
    readdirSync(join(path, TRACES)).every(isTrace) &&
    (!has(TRIALS) || readdirSync(join(path, TRIALS)).length === 0)
  );
}

export function readPlanText(run: string): string {
  return readStored(run, PLAN_FILE);
}

export function readPlan(run: string): Plan {
  return parsePlanFile(readPlanText(run));
}

export function readEnvironment(run: string): Environment {
  return parseEnvironmentFile(readStored(run, ENVIRONMENT_FILE));
}

export function readResultText(run: string): string {
  return readStored(run, RESULT_FILE);
}

export function writeResult(run: string, content: string): void {
  writeDurably(join(run, RESULT_FILE), content);
}

/** Where a trace stands, relative to the run folder. */
export function tracePath(traceHash: string): string {
  return join(TRACES, `${traceHash}.trace`);
}

export function writeTrace(run: string, trace: Trace, traceHash: string): void {
  writeDurably(join(run, tracePath(traceHash)), trace.bytes);
}

/** Throws a DamageError where the bytes are not those that the name promises. */
export function readTrace(run: string, traceHash: string): Trace {
  const name = tracePath(traceHash);
  const bytes = readOrDamage(name, () => readAligned(join(run, name)));
  if (createHash("sha256").update(bytes).digest("hex") !== traceHash) {
    throw new DamageError([`${name} is not as it was written`]);
  }
  const decoded = decodeTrace(bytes);
  if ("damage" in decoded) throw new DamageError([`${name}: ${decoded.damage}`]);
  return decoded.trace;
}

/** Keeps the reference's checksums: computing them takes as much CPU as a trial. */
export function writeExpected(run: string, traceHash: string, checksums: Uint32Array): void {
  const bytes = new Uint8Array(checksums.buffer, checksums.byteOffset, checksums.byteLength);
  writeDurably(join(run, expectedPath(traceHash)), Buffer.concat([bytes, expectedHash(traceHash, bytes)]));
}

/** The reference's checksums, or null where they are not kept yet. Throws a DamageError. */
export function readExpected(run: string, traceHash: string): Uint32Array | null {
  const name = expectedPath(traceHash);
  if (!existsSync(join(run, name))) return null;
  const file = readOrDamage(name, () => readAligned(join(run, name)));
  const end = file.length - HASH_BYTES;
  const bytes = file.subarray(0, Math.max(0, end));
  if (end < 0 || end % 4 !== 0 || expectedHash(traceHash, bytes).compare(file, end) !== 0) {
    throw new DamageError([`${name} is not as it was written`]);
  }
  return new Uint32Array(bytes.buffer, 0, end / 4);
}

/** Starts a trial's folder under its unfinished name; nothing of an earlier attempt is left in it. */
export function beginTrial(run: string, trialId: string): string {
  const folder = trialFolder(run, trialId) + UNFINISHED;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  return folder;
}

/** Makes a trial final: every file under checksum and on disk, then the rename. */
export function commitTrial(run: string, stored: StoredTrial): void {
  const folder = trialFolder(run, stored.planned.id);
  const unfinished = folder + UNFINISHED;
  writeDurably(join(unfinished, TRIAL_FILE), formatJson(stored));
  const names = readdirSync(unfinished);
  for (const name of names) syncPath(join(unfinished, name));
  writeDurably(join(unfinished, SUMS_FILE), sumsOf(unfinished, names));
  renameSync(unfinished, folder);
  syncPath(join(run, TRIALS));
}

/** Ids of the trials that are final. */
export function committedTrials(run: string): ReadonlySet<string> {
  const names = readOrDamage(TRIALS, () => readdirSync(join(run, TRIALS)));
  return new Set(names.filter((name) => !name.endsWith(UNFINISHED)));
}

export function readTrial(run: string, trialId: string): StoredTrial {
  const name = join(TRIALS, trialId, TRIAL_FILE);
  return parseTrialFile(readStored(run, name), name);
}

export function trialFolder(run: string, trialId: string): string {
  return join(run, TRIALS, trialId);
}

export function expectedPath(traceHash: string): string {
  return join(TRACES, `${traceHash}.expected`);
}

/** Removes what a process that was killed had begun. Only the holder of the lock may. */
export function removeUnfinished(run: string): void {
  for (const folder of [run, join(run, TRACES), join(run, TRIALS)]) {
    for (const name of readdirSync(folder)) {
      if (name.endsWith(UNFINISHED)) rmSync(join(folder, name), { recursive: true });
    }
  }
}

function expectedHash(traceHash: string, bytes: Uint8Array): Buffer {
  return createHash("sha256").update(traceHash).update(bytes).digest();
}

function readStored(run: string, name: string): string {
  return readOrDamage(name, () => readFileSync(join(run, name), "utf8"));
}

function readOrDamage<Content>(name: string, read: () => Content): Content {
  try {
    return read();
  } catch (error) {
    if (isForbidden(error)) throw error;
    throw new DamageError([`${name} cannot be read: ${(error as Error).message}`]);
  }
}
