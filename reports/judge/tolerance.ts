/** How far stamps may lie apart from what the trace says without anyone having cheated. */
import { strict as assert } from "node:assert";
import { ops } from "../../workloads/trace/op.ts";

/**
 * Two stamps of one thread: rounding only. A double holds ns since the epoch exactly, but a clock's offset and
 * `performance.now` (ms as a double) are each rounded, below 1 ns at a year of uptime.
 */
export const SAME_CLOCK_NS = 1e3;

/**
 * Two stamps of different threads: each thread aligns its clock with CLOCK_MONOTONIC between two readings of it,
 * so it is off by at most half that bracket: below 1 µs alone, and this much when all attempts were disturbed.
 */
export const OTHER_CLOCK_NS = 20e3;

/**
 * A stretch ends with the trial, but between the witness's last reading of the clock and its word that this is
 * the end a worker may go on recording: for as long as the witness is kept off its core.
 */
export const LATE_WITNESS_NS = 1e9;

/**
 * No processor does a kernel unit in less: each of its four steps needs the one before, three shifted xors of a
 * cycle or more and a multiplication of three (Fog, "Instruction tables"; Arm's optimization guides), at 6 GHz.
 */
export const LEAST_UNIT_NS = 1;

/** How much shorter than nominal one block may be. */
export const BLOCK_SHORTFALL_NS: number = shortfallOf("block");

/** How much shorter than nominal one sleep, or one think time, may be. */
export const SLEEP_SHORTFALL_NS: number = shortfallOf("sleep");

function shortfallOf(name: "block" | "sleep"): number {
  const { shortfallNs } = ops[name];
  assert(shortfallNs !== null, `the op table gives ${name} no shortfall`);
  return shortfallNs;
}
