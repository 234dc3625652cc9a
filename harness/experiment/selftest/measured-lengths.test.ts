import { expect, test } from "vitest";
import { HOLD_DOUBLES, HOLD_END, HOLD_HALVES, HOLD_OP, holdCountOf } from "../../../reports/rows.ts";
import { build } from "../../../workloads/trace/build.ts";
import { BLOCK, CPU } from "../../../workloads/trace/op.ts";
import {
  decodeTrace,
  hashOf,
  OP_A,
  OP_CODE,
  OP_F64,
  OP_U32,
  type Trace,
} from "../../../workloads/trace/trace.ts";
import { idealTrial } from "./fixtures/trials.ts";
import { composed, MS } from "./loads.ts";
import { withMeasuredBlocks } from "./measured-lengths.ts";

/** Three tasks of one program with two blocks and work between them, and one task without any block. */
const planned = build(
  composed(
    [
      {
        release: { loop: "open", arrivals: { kind: "times", atNs: [0, 10 * MS, 20 * MS] } },
        variants: [
          {
            share: 1,
            class: "blocker",
            ops: [
              { op: "block", ns: 2 * MS },
              { op: "cpu", units: 1e6 },
              { op: "block", ns: 1 * MS },
            ],
          },
        ],
      },
      {
        release: { loop: "open", arrivals: { kind: "times", atNs: [5 * MS] } },
        variants: [{ share: 1, class: "victim", ops: [{ op: "cpu", units: 10 }] }],
      },
    ],
    100 * MS,
  ),
  1,
  { periodNs: MS },
);

/** The lengths of all blocks, in the order of tasks and ops, after a copy from program to task. */
function blocksOf({ opCount, opU32, opF64 }: Trace): number[] {
  return Array.from({ length: opCount }, (_, op) => op)
    .filter((op) => opU32[op * OP_U32 + OP_CODE] === BLOCK)
    .map((op) => opF64[op * OP_F64 + OP_A] as number);
}

test("every block of every task takes the length that the records have, in order, and nothing else changes", async () => {
  const { records } = await idealTrial(planned, 2);
  // What one trial measured: each hold ends later by its row, in µs.
  let blocks = 0;
  for (let row = 0; row < holdCountOf(records); row++) {
    if (records.holdU16[row * HOLD_HALVES + HOLD_OP] !== BLOCK) continue;
    const end = row * HOLD_DOUBLES + HOLD_END;
    records.holdF64[end] = (records.holdF64[end] as number) + 1e3 * ++blocks;
  }
  const lived = withMeasuredBlocks(planned, records);
  const [us, ms] = [1e3, 1e6];
  expect(blocksOf(lived).map(Math.round)).toEqual([
    2 * ms + us,
    1 * ms + 2 * us,
    2 * ms + 3 * us,
    1 * ms + 4 * us,
    2 * ms + 5 * us,
    1 * ms + 6 * us,
  ]);
  expect([lived.taskCount, lived.windowNs, lived.drainNs, lived.seed]).toEqual([
    planned.taskCount,
    planned.windowNs,
    planned.drainNs,
    planned.seed,
  ]);
  const cpuOps = Array.from({ length: lived.opCount }, (_, op) => op).filter(
    (op) => lived.opU32[op * OP_U32 + OP_CODE] === CPU,
  );
  expect(cpuOps.map((op) => lived.opF64[op * OP_F64 + OP_A])).toEqual([1e6, 10, 1e6, 1e6]);
  expect("trace" in decodeTrace(lived.bytes)).toBe(true);
});

test("a block without a hold keeps its planned length, and the trace is another one by name only if lengths differ", async () => {
  const { records } = await idealTrial(planned, 2);
  records.holdU16.fill(CPU);
  const lived = withMeasuredBlocks(planned, records);
  expect(blocksOf(lived)).toEqual([2 * MS, MS, 2 * MS, MS, 2 * MS, MS]);
  expect(hashOf(withMeasuredBlocks(lived, records))).toBe(hashOf(lived));
});
