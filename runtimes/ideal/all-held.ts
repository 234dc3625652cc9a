/**
 * When blocks hold all workers, by a plain sweep: a second method beside the analysis. In the model's records it is the
 * exact truth, because the model hands a worker from one block to the next without a gap.
 */
import { strideIn } from "../../workloads/trace/layout.ts";
import { BLOCK } from "../../workloads/trace/op.ts";
import { holdRow, recordsHeaderRow } from "../record.ts";
import type { Records } from "../records.ts";

export interface Stretch {
  readonly startNs: number;
  readonly endNs: number;
}

/** The stretches in which every worker is held by a block, by a plain sweep over the hold rows. */
export function allHeld(records: Records): Stretch[] {
  const workerCount = records.shape.laneCount - 1;
  const { starts, ends } = blockEdges(records);
  const stretches: Stretch[] = [];
  let started = 0;
  let startNs = 0;
  for (let ended = 0; ended < ends.length; ended++) {
    const endNs = ends[ended] as number;
    // A block that starts as another ends leaves no gap.
    for (; started < starts.length && (starts[started] as number) <= endNs; started++) {
      if (started - ended === workerCount - 1) startNs = starts[started] as number;
    }
    if (started - ended === workerCount && endNs > startNs) stretches.push({ startNs, endNs });
  }
  return stretches;
}

/** When blocks start and when they end, each ascending. */
function blockEdges(records: Records): { starts: Float64Array; ends: Float64Array } {
  const rowCount = records.headerI32[recordsHeaderRow.index.holdCount] as number;
  const starts = new Float64Array(rowCount);
  const ends = new Float64Array(rowCount);
  let count = 0;
  for (let row = 0; row < rowCount; row++) {
    if (records.holdU16[row * strideIn(holdRow, "u16") + holdRow.index.op] !== BLOCK) continue;
    starts[count] = records.holdF64[row * strideIn(holdRow, "f64") + holdRow.index.startNs] as number;
    ends[count] = records.holdF64[row * strideIn(holdRow, "f64") + holdRow.index.endNs] as number;
    count++;
  }
  return { starts: starts.subarray(0, count).sort(), ends: ends.subarray(0, count).sort() };
}
