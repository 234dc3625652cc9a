/**
 * Trials of loads that stand in no catalogue: a trace's bytes are all that a trial's process needs.
 *
 * Each is run in a fresh process and judged by the analysis that every run uses. Their files are gone afterwards.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { judgeTrial, type TrialRow } from "../../../reports/analyze.ts";
import type { Records } from "../../../runtimes/records.ts";
import { hashOf, type Trace } from "../../../workloads/trace/trace.ts";
import type { Abort } from "../../trial/abort.ts";
import { runTrial, type TrialRequest } from "../../trial/run-trial.ts";
import { readRecords } from "../../trial/seal.ts";
import type { PlannedTrial, Treatment, TrialEvent, TrialResult } from "../../trial/trial.ts";
import { isoloadVersion } from "../../trial/version.ts";
import { freshResults, type References } from "../references.ts";
import type { Subject } from "./subject.ts";

/** From spawning to `ready`, and beyond window and drain to the end. */
const START_LIMIT_NS = 30e9;
const MARGIN_NS = 20e9;

export interface LiveTrial {
  readonly trace: Trace;
  readonly subject: Subject;
  readonly workerCount: number;
  readonly startDeadlineNs?: number;
  readonly onSpawn?: TrialRequest["onSpawn"];
  readonly onEvent?: (event: TrialEvent) => void;
}

/** A trial's row in the document it would stand in, and what it was judged by. */
export interface JudgedTrial {
  readonly row: TrialRow;
  readonly trace: Trace;
  /** null unless the trial was completed. */
  readonly records: Records | null;
}

/** Where and on what the trials run. */
export interface Live {
  readonly coreCount: number;
  readonly unitNs: number;
  readonly signal: Abort;
  /** Rejects with the signal's reason when it is aborted. */
  readonly trial: (trial: LiveTrial) => Promise<JudgedTrial>;
}

/** Runs `use` with trials whose files are removed when it has ended. */
export async function withLive<Value>(
  machine: Omit<Live, "trial">,
  use: (live: Live) => Promise<Value>,
): Promise<Value> {
  const root = mkdtempSync(join(tmpdir(), "isoload-selftest-"));
  let trialCount = 0;
  const expectedOf = freshResults();
  const live: Live = {
    ...machine,
    trial: (trial) => {
      const folder = join(root, String(++trialCount));
      mkdirSync(folder);
      return runAndJudge(trial, machine, { folder, expectedOf }).finally(() =>
        rmSync(folder, { recursive: true }),
      );
    },
  };
  return use(live).finally(() => rmSync(root, { recursive: true }));
}

async function runAndJudge(
  trial: LiveTrial,
  machine: Omit<Live, "trial">,
  { folder, expectedOf }: { readonly folder: string; readonly expectedOf: References["expectedOf"] },
): Promise<JudgedTrial> {
  const { trace, subject, workerCount } = trial;
  const traceHash = hashOf(trace);
  writeFileSync(join(folder, "trace"), trace.bytes);
  const result = await runTrial({
    settings: {
      isoloadVersion,
      runtime: subject.runtime,
      runtimeModule: subject.module,
      options: subject.options,
      workerCount,
      coreCount: machine.coreCount,
      unitNs: machine.unitNs,
      tracePath: "trace",
      traceHash,
      recordsPath: "records.bin",
    },
    folder,
    startDeadlineNs: trial.startDeadlineNs ?? START_LIMIT_NS,
    deadlineNs: trace.windowNs + trace.drainNs + MARGIN_NS,
    node: { executable: process.execPath, flags: [] },
    onEvent: trial.onEvent ?? (() => undefined),
    ...(trial.onSpawn === undefined ? {} : { onSpawn: trial.onSpawn }),
    signal: machine.signal,
  });
  return judged(trial, { result, traceHash, coreCount: machine.coreCount, folder, expectedOf });
}

interface Ran {
  readonly result: TrialResult;
  readonly traceHash: string;
  readonly coreCount: number;
  readonly folder: string;
  readonly expectedOf: References["expectedOf"];
}

function judged({ trace, subject, workerCount }: LiveTrial, ran: Ran): JudgedTrial {
  const { result, traceHash, coreCount, folder, expectedOf } = ran;
  const planned: PlannedTrial = {
    id: "selftest",
    treatmentId: "selftest",
    round: 0,
    attempt: 1,
    traceHash,
  };
  const treatment: Treatment = {
    id: planned.treatmentId,
    workload: "selftest",
    parameters: {},
    runtime: subject.runtime,
    options: subject.options,
    runtimeLabel: subject.label,
    threads: String(workerCount),
    workerCount,
  };
  const evidence = {
    planned,
    treatment,
    result,
    traceHash,
    coreCount,
    onNoise: "refuse" as const,
    tookNs: 0,
  };
  if (result.outcome !== "completed") {
    const row = judgeTrial({ ...evidence, trace: null, records: null, expected: null });
    return { row, trace, records: null };
  }
  const read = readRecords(join(folder, "records.bin"));
  if ("damage" in read) throw new Error(`the records of a completed trial are damaged: ${read.damage}`);
  const expected = expectedOf(trace, traceHash);
  const row = judgeTrial({ ...evidence, trace, records: read.records, expected });
  return { row, trace, records: read.records };
}
