import { describe, expect, test } from "vitest";
import type { OpSpec } from "../workload.ts";
import { build } from "./build.ts";
import { burn, fold, payloadByte } from "./kernel.ts";
import { CPU, ECHO, FINISHED, SLEEP, YIELD } from "./op.ts";
import { fillPayload, payloadResult } from "./payload.ts";
import { referenceChecksums } from "./reference.ts";
import { Stepper, statesFor } from "./step.ts";
import { opSeed, TASK_SEED, TASK_U32, type Trace } from "./trace.ts";

function traceOf(ops: readonly OpSpec[], taskCount = 1): Trace {
  return build(
    {
      classes: [{ name: "a" }],
      measured: "a",
      windowNs: 0,
      connectionCount: 0,
      streams: [
        {
          release: { loop: "open", arrivals: { kind: "at-once", count: taskCount } },
          variants: [{ share: 1, class: "a", ops }],
        },
      ],
    },
    1,
    { periodNs: 0 },
  );
}

describe("step", () => {
  test("leaves one effect after the other with its operands, then FINISHED", () => {
    const trace = traceOf([
      { op: "cpu", units: 5 },
      { op: "sleep", ns: 7e6 },
      { op: "yield" },
      { op: "echo", bytes: 9, replyDelayNs: 3 },
    ]);
    const stepper = new Stepper(trace, statesFor(trace));
    stepper.begin(0);
    expect([stepper.step(0), stepper.a]).toEqual([CPU, 5]);
    expect([stepper.step(1), stepper.a]).toEqual([SLEEP, 7e6]);
    expect(stepper.step(0)).toBe(YIELD);
    expect([stepper.step(0), stepper.a, stepper.b]).toEqual([ECHO, 9, 3]);
    expect(stepper.step(0)).toBe(FINISHED);
  });

  test("folds every op and its result, so that a skipped op or a wrong result shows", () => {
    const trace = traceOf([{ op: "cpu", units: 5 }, { op: "yield" }, { op: "cpu", units: 6 }]);
    const checksum = (results: readonly number[]): number => {
      const stepper = new Stepper(trace, statesFor(trace));
      stepper.begin(0);
      for (const result of results) stepper.step(result);
      return stepper.checksum;
    };
    const right = checksum([0, 11, 0, 22]);
    expect(checksum([0, 12, 0, 22])).not.toBe(right);
    expect(checksum([0, 11, 0, 23])).not.toBe(right);
    expect(checksum([0, 11, 0])).not.toBe(right);
    expect(checksum([0, 22, 0, 11])).not.toBe(right);
  });

  test("two tasks of the same program have different checksums, because their seeds differ", () => {
    const [first, second] = referenceChecksums(traceOf([{ op: "cpu", units: 5 }], 2));
    expect(first).not.toBe(second);
  });

  test("the reference is the plain reading of the program", () => {
    const trace = traceOf([
      { op: "cpu", units: 5 },
      { op: "echo", bytes: 70, replyDelayNs: 0 },
    ]);
    const seed = trace.taskU32[TASK_SEED + 0 * TASK_U32] as number;
    const payload = Uint8Array.from({ length: 70 }, (_, index) => payloadByte(opSeed(seed, 1), index));
    const afterCpu = fold(fold(seed, CPU), burn(opSeed(seed, 0), 5));
    expect(referenceChecksums(trace)[0]).toBe(fold(fold(afterCpu, ECHO), payloadResult(payload)));
  });
});

describe("the kernel", () => {
  test("gives the words that its Rust twin gives", () => {
    expect([burn(1, 1), burn(0, 1000), burn(0xffffffff, 7)]).toMatchInlineSnapshot(`
      [
        992006097,
        2789417684,
        183238203,
      ]
    `);
    expect([fold(0, 0), fold(1, 2), fold(0xffffffff, 0x80000000)]).toMatchInlineSnapshot(`
        [
          3864292196,
          2001329867,
          3998477059,
        ]
      `);
  });

  test("never gets stuck at zero", () => {
    for (let seed = 0; seed < 1000; seed++) expect(burn(seed, 3)).not.toBe(0);
  });
});

describe("the payload", () => {
  test("is keyed by the seed in its first bytes, also where it is shorter than the key", () => {
    const filled = (length: number, seed: number): number[] => {
      const target = new Uint8Array(length);
      fillPayload(target, seed);
      return [...target];
    };
    expect(filled(1, 5)).toEqual([payloadByte(5, 0)]);
    expect(filled(9, 5)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8].map((index) => payloadByte(5, index)));
    expect(filled(9, 5)).not.toEqual(filled(9, 6));
  });
});
