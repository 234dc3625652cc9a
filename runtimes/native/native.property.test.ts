import { strict as assert } from "node:assert";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { burn, fold } from "../../workloads/trace/kernel.ts";
import { fillPayload, PAYLOAD_LIMIT_BYTES, payloadResult } from "../../workloads/trace/payload.ts";
import { referenceChecksums } from "../../workloads/trace/reference.ts";
import {
  allocateTrace,
  canaryDueNs,
  opSeed,
  RANDOM_PHASE,
  TASK_SEED,
  TASK_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";
import { everyOpTrace } from "./every-op.ts";
import { loadAddon } from "./native.ts";

const loaded = loadAddon();
const word = fc.integer({ min: 0, max: 0xffffffff });

describe.skipIf("reason" in loaded)("TypeScript and Rust agree on", () => {
  assert("addon" in loaded || loaded.reason.length > 0);
  const addon = "addon" in loaded ? loaded.addon : (undefined as never);

  test("the kernel", () => {
    const units = fc.integer({ min: 0, max: 2000 });
    fc.assert(fc.property(word, units, (seed, count) => addon.burn(seed, count) === burn(seed, count)));
  });

  test("the fold and the seeds of ops", () => {
    fc.assert(fc.property(word, word, (a, b) => addon.fold(a, b) === fold(a, b)));
    fc.assert(fc.property(word, fc.nat(1000), (seed, pc) => addon.opSeed(seed, pc) === opSeed(seed, pc)));
  });

  test("payloads and their results", () => {
    fc.assert(
      fc.property(word, fc.integer({ min: 0, max: PAYLOAD_LIMIT_BYTES }), (seed, bytes) => {
        const payload = new Uint8Array(bytes);
        fillPayload(payload, seed);
        expect(Buffer.compare(addon.payload(seed, bytes), payload)).toBe(0);
        expect(addon.payloadResult(payload)).toBe(payloadResult(payload));
      }),
    );
  });

  test("when canaries are due, at random phases and at fixed ones", () => {
    const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    const phase = fc.oneof(fc.constant(RANDOM_PHASE), fc.double({ min: 0, max: 1e6, noNaN: true }));
    const period = fc.double({ min: 1, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(seed, phase, period, (traceSeed, canaryPhaseNs, canaryPeriodNs) => {
        const trace = emptyTrace({ seed: traceSeed, canaryPhaseNs, canaryPeriodNs });
        const expected = Array.from({ length: 50 }, (_, index) => canaryDueNs(trace, index));
        expect(addon.canariesDueNs(trace.bytes, 50)).toEqual(expected);
      }),
    );
  });

  test("every step of a trace with every op, whatever the tasks' seeds", () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 5, maxLength: 5 }), (seeds) => {
        const trace = everyOpTrace();
        for (let task = 0; task < trace.taskCount; task++) {
          trace.taskU32[task * TASK_U32 + TASK_SEED] = seeds[task % seeds.length] as number;
        }
        expect(addon.referenceChecksums(trace.bytes)).toEqual(referenceChecksums(trace));
      }),
      { numRuns: 10 },
    );
  });

  test("nothing by accident: one bit of a seed changes the result", () => {
    fc.assert(fc.property(word, (seed) => addon.fold(seed, 1) !== fold((seed ^ 1) >>> 0, 1)));
    // The kernel's own seeds are made odd, so the bit that counts is another.
    fc.assert(fc.property(word, (seed) => addon.burn(seed, 5) !== burn((seed ^ 2) >>> 0, 5)));
  });
});

function emptyTrace(canaries: Pick<Trace, "seed" | "canaryPhaseNs" | "canaryPeriodNs">): Trace {
  return allocateTrace({
    ...canaries,
    classes: [],
    programCount: 0,
    opCount: 0,
    taskCount: 0,
    rootCount: 0,
    sessionCount: 0,
    connectionCount: 0,
    measuredClass: 0,
    windowNs: 0,
    drainNs: 0,
  });
}
