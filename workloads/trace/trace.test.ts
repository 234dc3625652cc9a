import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { workloads } from "../catalog.ts";
import { parseParameters } from "../parameter.ts";
import type { Composition, OpSpec } from "../workload.ts";
import { build } from "./build.ts";
import { opNameOf } from "./op.ts";
import {
  canaryDueNs,
  decodeTrace,
  hashOf,
  headerRow,
  NO_DUE,
  NONE,
  OP_CODE,
  OP_COUNT,
  OP_TARGET,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_U32,
  successorsOf,
  TASK_AFTER,
  TASK_CLASS,
  TASK_DUE,
  TASK_F64,
  TASK_PARENT,
  TASK_PROGRAM,
  TASK_SESSION,
  TASK_U32,
  type Trace,
} from "./trace.ts";

const canaries = { periodNs: 1e6 };

function compositionOf(name: string, given: Record<string, unknown> = {}, durationNs = 1e9): Composition {
  const workload = workloads.find((candidate) => candidate.name === name);
  if (workload === undefined) throw new Error(name);
  const parsed = parseParameters(workload.parameters, given, name);
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  const composition = workload.describe(parsed.values, durationNs);
  if ("misfit" in composition) throw new Error(composition.misfit);
  return composition;
}

function composed(ops: readonly OpSpec[], taskCount = 3): Composition {
  return {
    classes: [{ name: "a" }, { name: "child" }],
    measured: "a",
    windowNs: 0,
    connectionCount: 0,
    streams: [
      {
        release: { loop: "open", arrivals: { kind: "at-once", count: taskCount } },
        variants: [{ share: 1, class: "a", ops }],
      },
    ],
  };
}

const u32 = (trace: Trace, task: number, field: number): number =>
  trace.taskU32[task * TASK_U32 + field] as number;
const dueNs = (trace: Trace, task: number): number => trace.taskF64[task * TASK_F64 + TASK_DUE] as number;

describe("a trace", () => {
  test.each(workloads.map(({ name }) => name))(
    "of %s decodes to what was built, with the same hash",
    (name) => {
      const trace = build(compositionOf(name), 7, canaries);
      const decoded = decodeTrace(trace.bytes.slice());
      expect(decoded).toMatchObject({
        trace: { taskCount: trace.taskCount, classes: trace.classes, seed: 7 },
      });
      if ("trace" in decoded) expect(hashOf(decoded.trace)).toBe(hashOf(trace));
    },
  );

  test("is the same for the same seed and another for another seed", () => {
    const hash = (seed: number): string => hashOf(build(compositionOf("block-k"), seed, canaries));
    expect(hash(1)).toBe(hash(1));
    expect(hash(1)).not.toBe(hash(2));
  });

  test("keeps the hash it has always had, so that stored runs stay comparable", () => {
    const hashes = workloads.map(({ name }) => hashOf(build(compositionOf(name), 1, canaries)).slice(0, 16));
    expect(hashes).toMatchInlineSnapshot(`
      [
        "a8348fdcbaac5765",
        "9f2ac660c8ecde53",
        "8f8a32b5889318d6",
        "5ecb071863fb797c",
      ]
    `);
  });

  test("any single changed byte decodes to damage, or to a trace with another hash", () => {
    const trace = build(compositionOf("block-k", { repeats: 1 }), 3, canaries);
    const hash = hashOf(trace);
    fc.assert(
      fc.property(fc.nat(trace.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = trace.bytes.slice();
        bytes[at] = (bytes[at] as number) ^ flip;
        const decoded = decodeTrace(bytes);
        return "damage" in decoded || hashOf(decoded.trace) !== hash;
      }),
    );
  });

  test("cut short or prolonged is damage that names the lengths", () => {
    const { bytes } = build(compositionOf("null", { tasks: 10 }), 1, canaries);
    expect(decodeTrace(bytes.slice(0, 50))).toHaveProperty("damage");
    expect(decodeTrace(bytes.slice(0, -40))).toEqual({
      damage: expect.stringContaining(`${bytes.length} bytes`),
    });
  });

  test("of another version is refused by name", () => {
    const { bytes } = build(compositionOf("null", { tasks: 1 }), 1, canaries);
    new DataView(bytes.buffer).setUint32(headerRow.offsetBytes.version, 9, true);
    expect(decodeTrace(bytes)).toEqual({ damage: "trace version 9; this isoload reads version 1" });
  });
});

describe("build", () => {
  test("puts tasks with a due time first, ascending, ties in the order of the streams", () => {
    const trace = build(compositionOf("block-k"), 1, canaries);
    const names = trace.classes.map(({ name }) => name);
    expect(trace.rootCount).toBe(trace.taskCount);
    for (let task = 1; task < trace.taskCount; task++) {
      expect(dueNs(trace, task)).toBeGreaterThanOrEqual(dueNs(trace, task - 1));
    }
    expect([0, 1].map((task) => names[u32(trace, task, TASK_CLASS)])).toEqual(["blocker", "blocker"]);
    expect(dueNs(trace, 0)).toBe(0);
  });

  test("chains the tasks of a closed loop by session, with think times", () => {
    const trace = build(
      {
        classes: [{ name: "a" }],
        measured: "a",
        windowNs: 0,
        connectionCount: 0,
        streams: [
          {
            release: {
              loop: "closed",
              sessionCount: 3,
              taskCount: 8,
              thinkNs: { kind: "exponential", mean: 5e6 },
            },
            variants: [{ share: 1, class: "a", ops: [] }],
          },
        ],
      },
      1,
      canaries,
    );
    expect(trace.rootCount).toBe(3);
    expect(trace.classes[0]?.loop).toBe("closed");
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((task) => u32(trace, task, TASK_AFTER))).toEqual([
      NONE,
      NONE,
      NONE,
      0,
      1,
      2,
      3,
      4,
    ]);
    expect([...successorsOf(trace)]).toEqual([3, 4, 5, 6, 7, NONE, NONE, NONE]);
    expect([0, 3, 7].map((task) => dueNs(trace, task))).toEqual([0, NO_DUE, NO_DUE]);
  });

  test("gives the tasks of an open session a due time and a predecessor", () => {
    const trace = build(
      compositionOf("tcp-echo", { sessions: 4, ratePerSecond: 100, arrivals: "constant" }),
      1,
      canaries,
    );
    expect(trace.taskCount).toBe(100);
    expect(u32(trace, 3, TASK_AFTER)).toBe(NONE);
    expect(u32(trace, 4, TASK_AFTER)).toBe(0);
    expect(u32(trace, 7, TASK_SESSION)).toBe(3);
    expect(trace.classes[0]?.loop).toBe("open");
  });

  test("names the children of a spawn by consecutive ids, grandchildren too", () => {
    const leaf = { class: "child", ops: [] };
    const middle = {
      class: "child",
      ops: [{ op: "spawn", children: [leaf, leaf] }, { op: "join" }],
    } as const;
    const trace = build(
      composed([{ op: "spawn", children: [middle, middle] }, { op: "join" }], 2),
      1,
      canaries,
    );
    expect(trace.taskCount).toBe(2 + 4 + 8);
    for (let task = 0; task < trace.taskCount; task++) {
      const program = u32(trace, task, TASK_PROGRAM) * PROGRAM_U32;
      const op = (trace.programU32[program + PROGRAM_FIRST_OP] as number) * OP_U32;
      if (opNameOf(trace.opU32[op + OP_CODE] as number) !== "spawn" || u32(trace, task, TASK_CLASS) !== 0)
        continue;
      const first = trace.opU32[op + OP_TARGET] as number;
      expect(trace.opU32[op + OP_COUNT]).toBe(2);
      expect([u32(trace, first, TASK_PARENT), u32(trace, first + 1, TASK_PARENT)]).toEqual([task, task]);
    }
  });

  test("draws operands from their distributions, a program a task", () => {
    const trace = build(
      composed([{ op: "sleep", ns: { kind: "uniform", min: 1e6, max: 2e6 } }], 50),
      1,
      canaries,
    );
    expect(trace.programCount).toBe(50);
    for (const ns of trace.opF64.filter((_, index) => index % 4 === 1)) {
      expect(ns).toBeGreaterThanOrEqual(1e6);
      expect(ns).toBeLessThanOrEqual(2e6);
    }
  });

  test("builds 10^6 tasks without an object for each", () => {
    expect(build(compositionOf("null", { tasks: 1e6 }), 1, canaries).taskCount).toBe(1e6);
  });

  test("any mixture of streams gives a trace that decodes", () => {
    const stream = fc.record({
      kind: fc.constantFrom("poisson", "constant", "bursts", "ramp"),
      rate: fc.integer({ min: 1, max: 5000 }),
      sessions: fc.integer({ min: 0, max: 5 }),
      depth: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(stream, { minLength: 1, maxLength: 4 }), fc.nat(), (streams, seed) => {
        const nested = (depth: number): OpSpec[] =>
          depth === 0
            ? [{ op: "yield" }]
            : [{ op: "spawn", children: [{ class: "child", ops: nested(depth - 1) }] }, { op: "join" }];
        const trace = build(
          {
            classes: [{ name: "a" }, { name: "child" }],
            measured: "a",
            windowNs: 20e6,
            connectionCount: 0,
            streams: streams.map(({ kind, rate, sessions, depth }) => ({
              release: {
                loop: "open",
                arrivals:
                  kind === "bursts"
                    ? { kind, ratePerSecond: rate, size: 3 }
                    : { kind: kind as "poisson" | "constant" | "ramp", ratePerSecond: rate },
                ...(sessions === 0 ? {} : { sessionCount: sessions }),
              },
              variants: [{ share: 1, class: "a", ops: nested(depth) }],
            })),
          },
          seed,
          canaries,
        );
        return "trace" in decodeTrace(trace.bytes);
      }),
      { numRuns: 60 },
    );
  });
});

describe("canaries", () => {
  const trace = build(compositionOf("block-k"), 11, canaries);

  test("are due once in every period, at instants spread evenly over it", () => {
    let phaseSum = 0;
    for (let canary = 0; canary < 10_000; canary++) {
      const phase = canaryDueNs(trace, canary) - canary * 1e6;
      expect(phase).toBeGreaterThanOrEqual(0);
      expect(phase).toBeLessThan(1e6);
      phaseSum += phase;
    }
    expect(phaseSum / 10_000 / 1e6).toBeCloseTo(0.5, 1);
  });

  test("stand at the fixed phase where one is given", () => {
    const fixed = build(compositionOf("block-k"), 11, { periodNs: 1e6, phaseNs: 5e5 });
    expect([0, 1, 7].map((canary) => canaryDueNs(fixed, canary))).toEqual([0.5e6, 1.5e6, 7.5e6]);
  });
});
