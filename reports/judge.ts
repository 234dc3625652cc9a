/**
 * Identity: was the work that a trial claims really done, all of it, once, and by nobody else's rules?
 *
 * Nothing here looks at how fast it was. A trial that fails any of this is `diverged` and shows no figure.
 */

import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import type { TrialFacts } from "../harness/trial/trial.ts";
import { sumLanes } from "../runtimes/lane-sums.ts";
import { taskStates } from "../runtimes/record.ts";
import type { Records } from "../runtimes/records.ts";
import { TASK_PROGRAM, TASK_U32, type Trace } from "../workloads/trace/trace.ts";
import { brokenCanaries } from "./judge/canaries.ts";
import { brokenHolds } from "./judge/holds.ts";
import { brokenJoins } from "./judge/joins.ts";
import { brokenLanes, brokenOps } from "./judge/lanes.ts";
import { leftLying } from "./judge/left.ts";
import { impliedOps, nominalOf } from "./judge/nominal.ts";
import { brokenPeer } from "./judge/peer.ts";
import { brokenReleases } from "./judge/releases.ts";
import { brokenStretches } from "./judge/stretches.ts";
import { brokenTasks } from "./judge/tasks.ts";
import { brokenThreads } from "./judge/threads.ts";
import { brokenTimers } from "./judge/timers.ts";
import { brokenTurns } from "./judge/turns.ts";
import { windowNsOf } from "./metrics/window.ts";
import { CHECKSUM, isCutOff, STATE, TASK_BYTES, TASK_WORDS } from "./rows.ts";

/** What is held against what. */
export interface Case {
  readonly trace: Trace;
  /** Hash of the bytes that were executed, and the one that was planned. */
  readonly traceHash: string;
  readonly plannedHash: string;
  readonly records: Records;
  readonly facts: TrialFacts;
  readonly workerCount: number;
  /** The reference's checksums, by task id. */
  readonly expected: Uint32Array;
}

export interface Counts {
  readonly planned: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly unserved: number;
  /** Successors and children that the runtime released itself. */
  readonly spawned: number;
  readonly polls: number;
}

/** Why the trial is not what was planned, one sentence a reason; empty: its identity is proven. */
export function divergedBecause(trial: Case): string[] {
  const { trace, records, facts, workerCount, expected } = trial;
  if (trial.traceHash !== trial.plannedHash) {
    return [`the trace executed is ${trial.traceHash} and the one planned is ${trial.plannedHash}`];
  }
  const { shape } = records;
  if (shape.taskCount !== trace.taskCount || shape.laneCount !== workerCount + 1) {
    return [
      `the records are of ${shape.taskCount} tasks on ${shape.laneCount - 1} workers and the trial is of ${trace.taskCount} on ${workerCount}`,
    ];
  }
  assert(expected.length === trace.taskCount, "one reference checksum a task");
  const nominal = nominalOf(trace);
  const implied = {
    done: impliedOps(trace, tasksByProgram(trace, records)),
    planned: impliedOps(trace, tasksByProgram(trace, null)),
  };
  const cutOff = isCutOff(trace, records);
  const windowNs = windowNsOf(trace, records);
  return [
    ...(facts.ending === "left-early" ? ["the runtime left before it was told to stop"] : []),
    ...unaccounted(countsOf(trace, records), cutOff),
    ...brokenTasks({ trace, records, nominal, expected }),
    ...brokenJoins(trace, records),
    ...brokenHolds(trace, records, nominal),
    ...brokenCanaries(trace, records, { windowNs, cutOff }),
    ...brokenTimers(trace, records, { windowNs, cutOff }),
    ...brokenReleases(trace, records),
    ...brokenStretches(records, facts.runtimeReturned),
    ...brokenTurns(records),
    ...brokenThreads(records, facts, implied.done.cpuUnits),
    // The counters of a runtime that did not return were still moving when they were read.
    ...(facts.runtimeReturned ? brokenLanes(records) : []),
    ...brokenOps(records, implied, facts.runtimeReturned),
    ...(cutOff && facts.runtimeReturned ? leftLying(trace, records) : []),
    ...missingPeer(trace, facts),
    ...(facts.peer === null ? [] : brokenPeer(trace, facts.peer, implied)),
  ];
}

export function countsOf(trace: Trace, records: Records): Counts {
  const byState = new Float64Array(256);
  for (let task = 0; task < records.shape.taskCount; task++) {
    const state = records.taskU8[task * TASK_BYTES + STATE] as number;
    byState[state] = (byState[state] as number) + 1;
  }
  return {
    planned: trace.taskCount,
    done: byState[taskStates.done] as number,
    failed: byState[taskStates.failed] as number,
    cancelled: byState[taskStates.cancelled] as number,
    unserved: byState[taskStates.unserved] as number,
    spawned: sumLanes(records, "spawned"),
    polls: sumLanes(records, "polls"),
  };
}

/**
 * The proof of work in one word, equal for all runtimes: SHA-256 over (id, checksum), both u32 little-endian,
 * by id; null unless every planned task is done.
 */
export function resultHashOf(trace: Trace, records: Records): string | null {
  const { planned, done } = countsOf(trace, records);
  if (done !== planned) return null;
  const hash = createHash("sha256");
  const chunk = new DataView(new ArrayBuffer(8 * 4096));
  for (let first = 0; first < planned; first += 4096) {
    const end = Math.min(planned, first + 4096);
    for (let task = first; task < end; task++) {
      chunk.setUint32(8 * (task - first), task, true);
      chunk.setUint32(8 * (task - first) + 4, records.taskU32[task * TASK_WORDS + CHECKSUM] as number, true);
    }
    hash.update(new Uint8Array(chunk.buffer, 0, 8 * (end - first)));
  }
  return hash.digest("hex");
}

function unaccounted({ planned, done, failed, cancelled, unserved }: Counts, cutOff: boolean): string[] {
  const ends = `${done} are done, ${failed} failed, ${cancelled} cancelled, ${unserved} unserved`;
  if (planned !== done + failed + cancelled + unserved) return [`${planned} tasks were planned; ${ends}`];
  return unserved > 0 && !cutOff
    ? [`the trial ended before its cut-off, and of ${planned} tasks ${ends}`]
    : [];
}

/** How many tasks each program has: all, or with `records` those that are done. */
function tasksByProgram(trace: Trace, records: Records | null): Float64Array {
  const tasks = new Float64Array(trace.programCount);
  for (let task = 0; task < trace.taskCount; task++) {
    if (records !== null && records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) continue;
    const program = trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number;
    tasks[program] = (tasks[program] as number) + 1;
  }
  return tasks;
}

/** A live trial of a trace with connections has a peer that counted; in virtual time there is none. */
function missingPeer(trace: Trace, { peer, resources }: TrialFacts): string[] {
  return trace.connectionCount > 0 && peer === null && resources !== null
    ? ["the peer's counts are missing"]
    : [];
}
