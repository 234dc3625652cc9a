/**
 * Control treatments: beside a treatment with blocks the same work without blocking, so that what blocking does to
 * the others is a ratio of two measured trials.
 */
import type { Composition, TaskSpec } from "../../workloads/workload.ts";
import type { Treatment } from "../trial/trial.ts";
import { formatDuration } from "./duration.ts";
import { mean } from "./expected-work.ts";
import { type Load, loadKey } from "./loads.ts";

/**
 * Blocks that are shorter on average get no control. A runtime's timer rounds a sleep up by one to two milliseconds
 * (Tokio's wheel and Node's timers have one), which would be more than a tenth of the block.
 */
const CONTROL_BLOCK_MIN_NS = 20e6;

/** The treatments, each followed by its control where it can have one; where none of a load can, a note says why. */
export function withControls(
  loads: readonly Load[],
  treatments: readonly Treatment[],
  notes: string[],
): Treatment[] {
  const reasons = new Map(loads.map((load) => [loadKey(load), noControlBecause(load.composition)]));
  for (const reason of new Set(reasons.values())) {
    if (reason === null) continue;
    const refused = loads.filter((load) => reasons.get(loadKey(load)) === reason);
    const names = [...new Set(refused.map(({ workload }) => workload))];
    notes.push(`no control of ${names.join(", ")}: ${reason}`);
  }
  return treatments.flatMap((treatment): Treatment[] => {
    const reason = reasons.get(loadKey(treatment)) ?? null;
    if (reason !== null) return [{ ...treatment, noControlBecause: reason }];
    return [treatment, { ...treatment, id: `${treatment.id}-control`, controlOf: treatment.id }];
  });
}

/** Why the load can have no control; null: it can. */
function noControlBecause({ streams }: Composition): string | null {
  const blocksNs = streams.flatMap(({ variants }) =>
    variants.flatMap((variant) => (variant.share > 0 ? blockLengthsNs(variant) : [])),
  );
  if (blocksNs.length === 0) return "nothing blocks in it";
  const shortestNs = Math.min(...blocksNs);
  return shortestNs < CONTROL_BLOCK_MIN_NS
    ? `its blocks last ${formatDuration(shortestNs)}, and below ${formatDuration(CONTROL_BLOCK_MIN_NS)} the rounding of timers would decide`
    : null;
}

/** The mean length of each block of a task and of its children. */
function blockLengthsNs({ ops }: TaskSpec): number[] {
  return ops.flatMap((op) => {
    if (op.op === "block") return [mean(op.ns)];
    return op.op === "spawn" ? op.children.flatMap(blockLengthsNs) : [];
  });
}
