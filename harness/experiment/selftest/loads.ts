/** Loads of hand-set blocks: what is due when is written down, so that the truth can be, too. */
import { build } from "../../../workloads/trace/build.ts";
import type { Trace } from "../../../workloads/trace/trace.ts";
import type { Composition, Stream } from "../../../workloads/workload.ts";

export const MS = 1e6;
export const CANARY_PERIOD_NS: number = 1 * MS;

export interface Blocks {
  readonly windowMs: number;
  readonly blockMs: number;
  /** Ascending. */
  readonly dueMs: readonly number[];
}

/** Canaries half-way through every millisecond: the figures are then known exactly. */
export const HALF_WAY_NS: number = CANARY_PERIOD_NS / 2;

/** Nothing but these blocks; canaries at `phaseNs` in every period, at random instants where it is left out. */
export function blocksTrace(blocks: Blocks, phaseNs?: number): Trace {
  const canaries = { periodNs: CANARY_PERIOD_NS, ...(phaseNs === undefined ? {} : { phaseNs }) };
  return build(composed([blocksStream(blocks)], blocks.windowMs * MS), 1, canaries);
}

/** Each task has one block. */
export function blocksStream({ blockMs, dueMs }: Blocks): Stream {
  return {
    release: { loop: "open", arrivals: { kind: "times", atNs: dueMs.map((ms) => ms * MS) } },
    variants: [{ share: 1, class: "blocker", ops: [{ op: "block", ns: blockMs * MS }] }],
  };
}

/** An open load of these streams, of which blockers are measured. */
export function composed(streams: readonly Stream[], windowNs: number): Composition {
  return {
    classes: [{ name: "blocker" }, { name: "victim" }],
    measured: "blocker",
    windowNs,
    connectionCount: 0,
    streams,
  };
}
