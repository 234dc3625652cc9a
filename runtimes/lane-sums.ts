/** Sums over the lanes of a trial's records. */
import { strideIn } from "../workloads/trace/layout.ts";
import { OP_CODE_LIMIT } from "../workloads/trace/op.ts";
import { laneRow } from "./record.ts";
import type { Records } from "./records.ts";

const LANE_WORDS = strideIn(laneRow, "u32");
const LANE_DOUBLES = strideIn(laneRow, "f64");
const LANE = laneRow.index;

/** The sum of one counter over all lanes. */
export function sumLanes(
  records: Records,
  field: Exclude<keyof typeof laneRow.index, "opCount" | "unwritten" | `${string}Ns` | `${string}Share`>,
): number {
  let sum = 0;
  for (let lane = 0; lane < records.shape.laneCount; lane++) {
    sum += records.laneU32[lane * LANE_WORDS + LANE[field]] as number;
  }
  return sum;
}

/** Kernel ids of the threads of the lanes, the releaser's last; 0 where unknown. */
export function laneThreadIds(records: Records): number[] {
  return Array.from(
    { length: records.shape.laneCount },
    (_, lane) => records.laneU32[lane * LANE_WORDS + LANE.threadId] as number,
  );
}

/** Ops performed and the least (actual − nominal), over all lanes, by opcode. */
export function opsPerformed(records: Records): { count: Float64Array; shortestNs: Float64Array } {
  const count = new Float64Array(OP_CODE_LIMIT);
  const shortestNs = new Float64Array(OP_CODE_LIMIT);
  for (let lane = 0; lane < records.shape.laneCount; lane++) {
    for (let op = 0; op < OP_CODE_LIMIT; op++) {
      count[op] = (count[op] as number) + (records.laneU32[lane * LANE_WORDS + LANE.opCount + op] as number);
      const least = records.laneF64[lane * LANE_DOUBLES + LANE.shortestNs + op] as number;
      shortestNs[op] = Math.min(shortestNs[op] as number, least);
    }
  }
  return { count, shortestNs };
}
