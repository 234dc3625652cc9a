import { describe, expect, test } from "vitest";
import { workloads } from "./catalog.ts";
import { parseParameters } from "./parameter.ts";
import { build } from "./trace/build.ts";
import { BLOCK, CPU, ECHO } from "./trace/op.ts";
import {
  OP_A,
  OP_CODE,
  OP_F64,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_PROGRAM,
  TASK_U32,
  type Trace,
} from "./trace/trace.ts";

/** A kernel unit takes about 2.5 ns; a request over loopback about 100 µs of the client's time at worst. */
const UNIT_NS = 2.5;
const ECHO_NS = 100e3;

function defaultTrace(name: string, given: Record<string, unknown> = {}): Trace {
  const workload = workloads.find((candidate) => candidate.name === name);
  if (workload === undefined) throw new Error(name);
  const parsed = parseParameters(workload.parameters, given, name);
  if ("problems" in parsed) throw new Error(name);
  const composition = workload.describe(parsed.values, 1e9);
  if ("misfit" in composition) throw new Error(composition.misfit);
  return build(composition, 1, { periodNs: 1e6 });
}

/** What one worker needs for all of it, ns. */
function demandNs(trace: Trace): number {
  let sum = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    const program = (trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number) * PROGRAM_U32;
    const first = trace.programU32[program + PROGRAM_FIRST_OP] as number;
    for (let op = first; op < first + (trace.programU32[program + PROGRAM_OP_COUNT] as number); op++) {
      const code = trace.opU32[op * OP_U32 + OP_CODE];
      const a = trace.opF64[op * OP_F64 + OP_A] as number;
      sum += code === CPU ? a * UNIT_NS : code === BLOCK ? a : code === ECHO ? ECHO_NS : 0;
    }
  }
  return sum;
}

describe("the defaults", () => {
  test.each(workloads.map(({ name }) => name))("of %s finish a trial within 2 s on one worker", (name) => {
    expect(demandNs(defaultTrace(name))).toBeLessThan(2e9);
  });

  test.each(["block-k", "tcp-echo"])("of %s load one worker to 0.6 at most", (name) => {
    const trace = defaultTrace(name);
    expect(demandNs(trace) / trace.windowNs).toBeLessThanOrEqual(0.6);
  });
});

test("every parameter's default is in its own range, and every parameter says what it means", () => {
  for (const { name, parameters } of workloads) {
    expect(parseParameters(parameters, {}, name)).toHaveProperty("values");
    for (const parameter of Object.values(parameters)) expect(parameter.meaning).not.toBe("");
  }
});

test("block-k says how long a duration its repetitions need", () => {
  expect(() => defaultTrace("block-k", { repeats: 6 })).toThrow("need 1200 ms and the duration is 1000 ms");
});

test("cpu-mix keeps greedy tasks in a class of their own, at the given share", () => {
  const trace = defaultTrace("cpu-mix", { greedyShare: 0.25, greedyUnits: 100, units: 10 });
  const greedy = trace.taskU32.filter((_, index) => index % TASK_U32 === TASK_PROGRAM);
  const share = greedy.filter((program) => program !== greedy[0]).length / greedy.length;
  expect(Math.min(share, 1 - share)).toBeCloseTo(0.25, 1);
  expect(trace.classes.map(({ name }) => name)).toEqual(["ordinary", "greedy"]);
});

test("cpu-mix with a rate is an open loop over the duration", () => {
  const trace = defaultTrace("cpu-mix", { ratePerSecond: 500, arrivals: "constant" });
  expect([trace.taskCount, trace.windowNs, trace.classes[0]?.loop]).toEqual([500, 1e9, "open"]);
});
