/** Trials that are played, not run: a draft of small loads, and a `runTrial` that writes what a process would. */
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allocateRecords, Recorder, recordsHeaderRow, shapeFor } from "../../runtimes/record.ts";
import { workloads } from "../../workloads/catalog.ts";
import { referenceChecksums } from "../../workloads/trace/reference.ts";
import { decodeTrace } from "../../workloads/trace/trace.ts";
import { fakeRuntimes, twoCores } from "../trial/fake-runtimes.test.support.ts";
import { flatLayer } from "../trial/layer.ts";
import { type PlanDraft, parsePlan } from "../trial/plan.ts";
import type { TrialRequest } from "../trial/run-trial.ts";
import { sealRecords } from "../trial/seal.ts";
import type { TrialResult } from "../trial/trial.ts";
import type { RunTrial } from "./experiment.ts";

/** Two rounds of two treatments: four trials. */
export function smallDraft(settings: Readonly<Record<string, unknown>> = {}): PlanDraft {
  const values = {
    workloads: ["null:tasks=20"],
    runtimes: ["ideal", "work-stealing"],
    rounds: 2,
    ...settings,
  };
  const parsed = parsePlan({
    layers: [flatLayer(values, {})],
    cores: twoCores,
    workloads,
    runtimes: fakeRuntimes,
  });
  assert("draft" in parsed);
  return parsed.draft;
}

export function freshFolder(): string {
  return join(mkdtempSync(join(tmpdir(), "isoload-test-")), "run");
}

/** How the trial of each index, from 0, ends; the last one holds for all that follow. */
export type Script = readonly ("complete" | "crash" | "hang" | "unsupported")[];

/** Plays a script. `onStart` is called when a trial has begun, with its index. */
export function scripted(
  script: Script,
  onStart: (index: number, request: TrialRequest) => void = () => undefined,
): RunTrial {
  let index = -1;
  return async (request) => {
    index++;
    const act = script[Math.min(index, script.length - 1)];
    const { folder, settings, signal } = request;
    writeFileSync(join(folder, "settings.json"), JSON.stringify(settings));
    writeFileSync(join(folder, "events.ndjson"), '{"event":"ready"}\n');
    writeFileSync(join(folder, "stderr.txt"), "");
    onStart(index, request);
    signal.throwIfAborted();
    if (act === "hang") {
      await once(signal, "abort");
      throw signal.reason;
    }
    if (act === "crash") return crashed;
    if (act === "unsupported") return { outcome: "unsupported", op: "echo" };
    await writeRecords(request);
    return completed;
  };
}

const completed: TrialResult = {
  outcome: "completed",
  startupNs: 1e6,
  facts: {
    runtimeVersion: "1",
    runtimeStats: {},
    runtimeReturned: true,
    cutOff: false,
    resources: null,
    peer: null,
  },
};

const crashed: TrialResult = {
  outcome: "crashed",
  cause: { code: null, signal: "SIGKILL", message: "killed by SIGKILL before it was done" },
  stderrTail: "",
};

/** Records of a trial without canaries in which every task took one nanosecond, one after another. */
async function writeRecords({ folder, settings }: TrialRequest): Promise<void> {
  const decoded = decodeTrace(new Uint8Array(readFileSync(join(folder, settings.tracePath))));
  assert("trace" in decoded);
  const { trace } = decoded;
  const records = allocateRecords(shapeFor(trace, settings.workerCount));
  const recorder = new Recorder(records, 0);
  const checksums = referenceChecksums(trace);
  for (let task = 0; task < trace.taskCount; task++) {
    if (task < trace.rootCount) recorder.submitted(task, task);
    else recorder.spawned(task, task);
    recorder.pollStarts(task, task, task);
    recorder.finished(task, task + 1, checksums[task] as number);
  }
  records.headerF64[recordsHeaderRow.index.endNs] = trace.taskCount;
  await sealRecords(records, join(folder, settings.recordsPath));
}
