/**
 * What a composition comes to before it is built: tasks and time, so that a plan that could never end or
 * never fit in memory is refused while nothing has been started.
 */

import { POLL_LIMIT } from "../../runtimes/poll-bound.ts";
import type { Arrivals } from "../../workloads/trace/arrivals.ts";
import { ops as opTable } from "../../workloads/trace/op.ts";
import type { Composition, Distribution, OpSpec, Release, TaskSpec } from "../../workloads/workload.ts";
import { formatDuration } from "./duration.ts";

/** A trace keeps about 80 bytes a task in memory, its records 64. */
export const TASK_LIMIT = 1e7;
/** All ops of a trace one after another may take this long. */
export const BUSY_LIMIT_NS: number = 20 * 60e9;
/** Polls a trial may be expected to need: what the indices of the queues can count, less a margin for chance. */
const EXPECTED_POLL_LIMIT: number = Math.round(POLL_LIMIT / 1.1);
/** Cost of a kernel unit on an ordinary machine of today. */
const UNIT_NS = 2.5;

export interface ExpectedWork {
  readonly taskCount: number;
  /** A task is polled once more than it suspends. */
  readonly pollCount: number;
  /** All ops one after another. */
  readonly busyNs: number;
}

export function expectedWork(composition: Composition): ExpectedWork {
  let taskCount = 0;
  let pollCount = 0;
  let busyNs = 0;
  for (const { release, variants } of composition.streams) {
    const released = releasedCount(release, composition.windowNs);
    for (const variant of variants) {
      const each = workOf(variant);
      taskCount += released * variant.share * each.taskCount;
      pollCount += released * variant.share * each.pollCount;
      busyNs += released * variant.share * each.busyNs;
    }
  }
  return { taskCount: Math.round(taskCount), pollCount: Math.round(pollCount), busyNs };
}

/** A sentence on why this load is too large to be planned, or null. */
export function oversize(composition: Composition): string | null {
  const { taskCount, pollCount, busyNs } = expectedWork(composition);
  if (!(taskCount <= TASK_LIMIT)) {
    return `would make about ${taskCount} tasks a trial; at most ${TASK_LIMIT} are possible. Give fewer tasks, a lower rate or a shorter duration.`;
  }
  if (!(pollCount <= EXPECTED_POLL_LIMIT)) {
    return `would make tasks ready about ${pollCount} times a trial; at most ${EXPECTED_POLL_LIMIT} are possible. Give fewer tasks, or fewer ops a task that wait.`;
  }
  if (!(busyNs <= BUSY_LIMIT_NS)) {
    return `would keep one worker busy for ${formatDuration(busyNs)} a trial; at most ${formatDuration(BUSY_LIMIT_NS)} are possible. Give fewer or shorter tasks.`;
  }
  return null;
}

function releasedCount(release: Release, windowNs: number): number {
  return release.loop === "closed" ? release.taskCount : arrivalCount(release.arrivals, windowNs);
}

function arrivalCount(arrivals: Arrivals, windowNs: number): number {
  if (arrivals.kind === "at-once") return arrivals.count;
  return arrivals.kind === "times" ? arrivals.atNs.length : (arrivals.ratePerSecond * windowNs) / 1e9;
}

function workOf({ ops }: TaskSpec): ExpectedWork {
  let taskCount = 1;
  let pollCount = 1;
  let busyNs = 0;
  for (const op of ops) {
    busyNs += nominalNs(op);
    if (opTable[op.op].occupies === "suspends") pollCount++;
    if (op.op !== "spawn") continue;
    for (const child of op.children) {
      const work = workOf(child);
      taskCount += work.taskCount;
      pollCount += work.pollCount;
      busyNs += work.busyNs;
    }
  }
  return { taskCount, pollCount, busyNs };
}

function nominalNs(op: OpSpec): number {
  if (op.op === "cpu") return mean(op.units) * UNIT_NS;
  return op.op === "block" || op.op === "sleep" ? mean(op.ns) : 0;
}

export function mean(distribution: Distribution): number {
  if (typeof distribution === "number") return distribution;
  return distribution.kind === "exponential" ? distribution.mean : (distribution.min + distribution.max) / 2;
}
