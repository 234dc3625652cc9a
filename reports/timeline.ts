/** A trial over time in at most 200 points. A point keeps the extreme of its bucket, so that no freeze is lost. */

import { tickRow } from "../runtimes/record.ts";
import type { Records } from "../runtimes/records.ts";
import { strideIn } from "../workloads/trace/layout.ts";
import { type Canaries, canariesOf } from "./metrics/canaries.ts";
import { tickCountOf } from "./rows.ts";

export interface Timeline {
  /** Bucket k is [k, k + 1)·bucketNs after the epoch. */
  readonly bucketNs: number;
  /**
   * The no-progress curve: the largest V(t) in each bucket, where V(t) = t − due of the longest waiting canary
   * that is due by t and has not run. null without canaries.
   */
  readonly noProgressNs: readonly number[] | null;
  /** The most tasks in flight that the witness saw in each bucket; null where it saw none, or had no tick. */
  readonly inFlightCount: readonly (number | null)[] | null;
}

export const POINT_LIMIT = 200;

/** The timeline up to `windowNs`, or to the last canary where that ran later. null: nothing took any time. */
export function timelineOf(records: Records, windowNs: number): Timeline | null {
  const canaries = canariesOf(records, windowNs);
  const spanNs = canaries.runNs.reduce((last, runNs) => Math.max(last, runNs), windowNs);
  if (!(spanNs > 0)) return null;
  const bucketNs = spanNs / POINT_LIMIT;
  return {
    bucketNs,
    noProgressNs: canaries.dueNs.length === 0 ? null : noProgress(canaries, bucketNs, POINT_LIMIT),
    inFlightCount: tickCountOf(records) === 0 ? null : inFlight(records, bucketNs),
  };
}

/** The largest V(t) in each of `bucketCount` buckets from the epoch on. */
export function noProgress({ dueNs, runNs }: Canaries, bucketNs: number, bucketCount: number): number[] {
  const points = new Array<number>(bucketCount).fill(0);
  let coveredToNs = 0;
  for (let canary = 0; canary < dueNs.length; canary++) {
    const due = dueNs[canary] as number;
    const run = runNs[canary] as number;
    // While an earlier canary waits, that one is the longest waiting.
    const fromNs = Math.max(due, coveredToNs);
    if (run <= fromNs) continue;
    // At `run` itself it waits no more.
    const last = Math.min(bucketCount - 1, Math.ceil(run / bucketNs) - 1);
    for (let bucket = Math.floor(fromNs / bucketNs); bucket <= last; bucket++) {
      const waitedNs = Math.min(run, (bucket + 1) * bucketNs) - due;
      points[bucket] = Math.max(points[bucket] as number, waitedNs);
    }
    coveredToNs = run;
  }
  return points;
}

function inFlight(records: Records, bucketNs: number): (number | null)[] {
  const points = new Array<number | null>(POINT_LIMIT).fill(null);
  for (let tick = 0; tick < tickCountOf(records); tick++) {
    const atNs = records.tickF64[tick * strideIn(tickRow, "f64") + tickRow.index.atNs] as number;
    const bucket = Math.floor(atNs / bucketNs);
    if (bucket < 0 || bucket >= POINT_LIMIT) continue;
    const count = records.tickU32[tick * strideIn(tickRow, "u32") + tickRow.index.inFlight] as number;
    points[bucket] = Math.max(points[bucket] ?? 0, count);
  }
  return points;
}
