import fc from "fast-check";
import { expect, test } from "vitest";
import { BLOCK } from "../../workloads/trace/op.ts";
import { dueAt, MS, openLoad } from "../fixtures/compositions.ts";
import { type NaiveCanary, type NaiveSpan, naiveCause } from "../fixtures/naive-cause.ts";
import { facts, sceneOf, sealAt } from "../fixtures/scene.ts";
import { causeMetrics, MIN_WAKE_UPS } from "./cause.ts";
import { measure } from "./measures.ts";

const WINDOW_MS = 300;

/** Workers that are idle, held by a block or at work, in turns that fill the window; most canaries are on time. */
const randomTrial = fc.record({
  workers: fc.array(
    fc.array(
      fc.record({
        lengthNs: fc.oneof(fc.integer({ min: 1, max: 2e6 }), fc.integer({ min: 1, max: 40e6 })),
        kind: fc.constantFrom("idle", "idle", "block", "work"),
      }),
      { minLength: 20, maxLength: 60 },
    ),
    { minLength: 1, maxLength: 4 },
  ),
  canaries: fc.array(
    fc.record({
      lagNs: fc.constantFrom(0, 0, 1000, 3e6),
      delayNs: fc.oneof(
        { weight: 12, arbitrary: fc.integer({ min: 0, max: 200e3 }) },
        { weight: 1, arbitrary: fc.integer({ min: 0, max: 90e6 }) },
      ),
      worker: fc.nat(3),
    }),
    { minLength: 40, maxLength: 60 },
  ),
  coreCount: fc.integer({ min: 1, max: 4 }),
  foreign: fc.option(
    fc.array(
      fc.record({ gapNs: fc.integer({ min: 1, max: 40e6 }), lengthNs: fc.integer({ min: 1, max: 20e6 }) }),
      {
        maxLength: 6,
      },
    ),
  ),
});

type Random = typeof randomTrial extends fc.Arbitrary<infer Value> ? Value : never;

/** The turns of one worker that begin within the window. */
function turnsOf(turns: Random["workers"][number]): (NaiveSpan & { kind: string })[] {
  let atNs = 0;
  return turns
    .map(({ lengthNs, kind }) => {
      const startNs = atNs;
      atNs += lengthNs;
      return { startNs, endNs: Math.min(atNs, WINDOW_MS * MS), kind };
    })
    .filter(({ startNs, endNs }) => startNs < endNs);
}

test("the split of random waiting agrees with one taken instant by instant", () => {
  let measuredLimits = 0;
  let blamed = 0;
  fc.assert(
    fc.property(randomTrial, (random) => {
      const workerCount = random.workers.length;
      const blocks = new Array<number>(workerCount * 60).fill(0);
      const load = openLoad([dueAt(blocks, [{ op: "block", ns: 1 }])], WINDOW_MS * MS);
      const scene = sceneOf(load, { periodNs: MS, phaseNs: 0 }, workerCount);
      sealAt(scene, 2 * WINDOW_MS * MS);
      const turns = random.workers.map(turnsOf);
      turns.forEach((own, worker) => {
        for (const { startNs, endNs, kind } of own) {
          if (kind === "idle") scene.workers[worker]?.idle(startNs, endNs);
          if (kind === "block") scene.workers[worker]?.held(0, BLOCK, startNs, endNs);
        }
      });
      const canaries = Array.from({ length: WINDOW_MS }, (_, canary): NaiveCanary => {
        const drawn = random.canaries[canary % random.canaries.length];
        if (drawn === undefined) throw new Error("there are forty canaries or more");
        const dueNs = canary * MS;
        const submittedNs = dueNs + drawn.lagNs;
        const runNs = submittedNs + drawn.delayNs;
        const worker = drawn.worker % workerCount;
        scene.releaser.canarySubmitted(canary, dueNs, submittedNs);
        scene.workers[worker]?.canaryRan(canary, runNs);
        return { dueNs, submittedNs, runNs, isCensored: false, worker };
      });
      let atNs = 0;
      const foreign =
        random.foreign?.map(({ gapNs, lengthNs }) => {
          const startNs = atNs + gapNs;
          atNs = startNs + lengthNs;
          return { startNs, endNs: atNs };
        }) ?? null;
      const measures = measure({
        ...scene,
        facts,
        coreCount: random.coreCount,
        foreign: foreign && {
          startsNs: Float64Array.from(foreign, ({ startNs }) => startNs),
          endsNs: Float64Array.from(foreign, ({ endNs }) => endNs),
        },
      });
      const expected = naiveCause({
        canaries,
        holds: turns.flat().flatMap((turn) => (turn.kind === "block" ? [{ ...turn, isBlock: true }] : [])),
        idle: turns.map((own) => own.filter(({ kind }) => kind === "idle")),
        workerCount,
        coreCount: random.coreCount,
        foreign,
      });
      for (const metric of causeMetrics) {
        const value = metric.of(measures);
        const known = expected[metric.name] ?? null;
        if (known === null || value === null) expect(value, metric.name).toBe(known);
        else expect(Math.abs(value - known), metric.name).toBeLessThanOrEqual(1e-9 * Math.max(1, known));
      }
      if ((measures.cause.wakeUpCount ?? 0) >= MIN_WAKE_UPS) measuredLimits++;
      if ((measures.cause.schedulerShare ?? 0) > 0 && (measures.cause.wakingShare ?? 0) > 0) blamed++;
    }),
    { numRuns: 200 },
  );
  // The random trials must not leave a branch untried.
  expect(measuredLimits).toBeGreaterThan(20);
  expect(blamed).toBeGreaterThan(20);
});
