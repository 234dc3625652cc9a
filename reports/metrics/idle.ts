/** The stretches in which each worker had nothing to poll, as far as they have rows. */
import { stretchKinds } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import {
  LANE_DOUBLES,
  LANE_IDLE,
  LANE_PARKS,
  LANE_WORDS,
  STRETCH_DOUBLES,
  STRETCH_END,
  STRETCH_HALVES,
  STRETCH_KIND,
  STRETCH_START,
  stretchRowsOf,
} from "../rows.ts";
import type { Spans } from "./spans.ts";

/** By worker; null where the runtime records none. */
export function idleSpansOf(records: Records): readonly Spans[] | null {
  return recordsIdle(records)
    ? Array.from({ length: records.shape.laneCount - 1 }, (_, worker) => idleSpans(records, worker))
    : null;
}

/**
 * Whether the runtime records idle stretches: from the epoch to its first poll every worker has one. In virtual
 * time that one may take no time and no other follow; then it is told by its park alone.
 */
export function recordsIdle({ shape, laneF64, laneU32 }: Records): boolean {
  for (let worker = 0; worker < shape.laneCount - 1; worker++) {
    if ((laneF64[worker * LANE_DOUBLES + LANE_IDLE] as number) > 0) return true;
    if ((laneU32[worker * LANE_WORDS + LANE_PARKS] as number) > 0) return true;
  }
  return false;
}

/** A worker's rows stand in the order of time. */
function idleSpans(records: Records, worker: number): Spans {
  const { first, end } = stretchRowsOf(records, worker);
  const startsNs = new Float64Array(end - first);
  const endsNs = new Float64Array(end - first);
  let count = 0;
  for (let row = first; row < end; row++) {
    if (records.stretchU16[row * STRETCH_HALVES + STRETCH_KIND] !== stretchKinds.idle) continue;
    startsNs[count] = records.stretchF64[row * STRETCH_DOUBLES + STRETCH_START] as number;
    endsNs[count] = records.stretchF64[row * STRETCH_DOUBLES + STRETCH_END] as number;
    count++;
  }
  return { startsNs: startsNs.subarray(0, count), endsNs: endsNs.subarray(0, count) };
}
