import { expect, test } from "vitest";
import { blockK } from "../block-k.ts";
import { tcpEcho } from "../tcp-echo.ts";
import type { Composition } from "../workload.ts";
import { build } from "./build.ts";
import { controlTraceOf } from "./control.ts";
import { BLOCK, opNameOf, SLEEP } from "./op.ts";
import { hashOf, OP_A, OP_CODE, OP_F64, OP_U32, opRow, type Trace } from "./trace.ts";

/** Blocks of random length among other ops, in a program of their own a task. */
const mixed: Composition = {
  classes: [{ name: "task" }],
  measured: "task",
  windowNs: 1e9,
  connectionCount: 1,
  streams: [
    {
      release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 100 }, sessionCount: 3 },
      variants: [
        {
          share: 1,
          class: "task",
          ops: [
            { op: "block", ns: { kind: "exponential", mean: 50e6 } },
            { op: "sleep", ns: 5e6 },
            { op: "spawn", children: [{ class: "task", ops: [{ op: "block", ns: 30e6 }] }] },
            { op: "join" },
            { op: "echo", bytes: { kind: "uniform", min: 1, max: 99 }, replyDelayNs: 0 },
          ],
        },
      ],
    },
  ],
};

const opsOf = (trace: Trace): { name: string | undefined; lengthNs: number }[] =>
  Array.from({ length: trace.opCount }, (_, op) => ({
    name: opNameOf(trace.opU32[op * OP_U32 + OP_CODE] as number),
    lengthNs: trace.opF64[op * OP_F64 + OP_A] as number,
  }));

test("every block is a sleep as long, and no other byte differs", () => {
  const trace = build(mixed, 7, { periodNs: 1e6 });
  const before = trace.bytes.slice();
  const control = controlTraceOf(trace);
  expect(trace.bytes).toEqual(before);
  expect(opsOf(trace).filter(({ name }) => name === "block").length).toBeGreaterThan(50);
  expect(opsOf(control)).toEqual(
    opsOf(trace).map(({ name, lengthNs }) => ({ name: name === "block" ? "sleep" : name, lengthNs })),
  );
  const codesAt = control.opU32.byteOffset + opRow.offsetBytes.code;
  const differing = [...control.bytes.keys()].filter((at) => control.bytes[at] !== trace.bytes[at]);
  const blocks = [...trace.opU32.keys()].filter(
    (word) => word % OP_U32 === OP_CODE && trace.opU32[word] === BLOCK,
  );
  expect(differing).toEqual(blocks.map((word) => codesAt - opRow.offsetBytes.code + 4 * word));
  for (const at of differing) expect([trace.bytes[at], control.bytes[at]]).toEqual([BLOCK, SLEEP]);
});

test("it has a name of its own, and the same one every time", () => {
  const composition = blockK.describe(
    { blockers: 2, blockMs: 50, repeats: 5, victimsPerSecond: 2000, victimUnits: 2000, deadlineMs: 1000 },
    1e9,
  );
  if ("misfit" in composition) throw new Error(composition.misfit);
  const trace = build(composition, 1, { periodNs: 1e6 });
  expect(hashOf(controlTraceOf(trace))).not.toBe(hashOf(trace));
  expect(hashOf(controlTraceOf(trace))).toBe(
    hashOf(controlTraceOf(build(composition, 1, { periodNs: 1e6 }))),
  );
});

test("a trace without blocks is its own control", () => {
  const composition = tcpEcho.describe(
    {
      sessions: 4,
      bytes: 64,
      replyDelayMs: 0,
      ratePerSecond: 100,
      arrivals: "poisson",
      connections: 4,
      deadlineMs: 1000,
    },
    1e8,
  );
  if ("misfit" in composition) throw new Error(composition.misfit);
  const trace = build(composition, 1, { periodNs: 1e6 });
  expect(hashOf(controlTraceOf(trace))).toBe(hashOf(trace));
});
