/** The stretches in which each worker had nothing to poll, as far as they have rows. */
import { stretchKinds } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import {
  LANE_DOUBLES,
  LANE_IDLE,
  STRETCH_DOUBLES,
  STRETCH_END,
  STRETCH_HALVES,
  STRETCH_KIND,
  STRETCH_START,
  stretchRowsOf,
} from "../rows.ts";
import type { Spans } from "./spans.ts";

/** By worker; null where the runtime records none: from the epoch to its first poll every worker has one. */
export function idleSpansOf(records: Records): readonly Spans[] | null {
  const workers = Array.from({ length: records.shape.laneCount - 1 }, (_, worker) => worker);
  const recordedNs = workers.reduce(
    (sum, worker) => sum + (records.laneF64[worker * LANE_DOUBLES + LANE_IDLE] as number),
    0,
  );
  return recordedNs === 0 ? null : workers.map((worker) => idleSpans(records, worker));
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
