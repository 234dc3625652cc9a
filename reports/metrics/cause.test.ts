import { expect, test } from "vitest";
import { simulated } from "../../runtimes/ideal/fixtures/simulated.ts";
import { BLOCK, CPU } from "../../workloads/trace/op.ts";
import type { Composition } from "../../workloads/workload.ts";
import { dueAt, MS, openLoad } from "../fixtures/compositions.ts";
import { facts, type Scene, sceneOf, sealAt } from "../fixtures/scene.ts";
import { MIN_WAKE_UPS } from "./cause.ts";
import { type Measures, measure } from "./measures.ts";
import type { Spans } from "./spans.ts";

/** A trial of `windowMs` with a canary every ms, and room for the rows of four blocks. */
function emptyTrial(workerCount: number, windowMs: number): Scene {
  const block = { op: "block", ns: MS } as const;
  const load = openLoad([dueAt([0, 0, 0, 0], [block])], windowMs * MS);
  const scene = sceneOf(load, { periodNs: MS, phaseNs: 0 }, workerCount);
  sealAt(scene, windowMs * MS);
  return scene;
}

interface Ran {
  readonly canary: number;
  readonly submittedMs?: number;
  readonly ranMs: number;
  readonly worker: number;
}

function canary(scene: Scene, { canary, submittedMs, ranMs, worker }: Ran): void {
  scene.releaser.canarySubmitted(canary, canary * MS, (submittedMs ?? canary) * MS);
  scene.workers[worker]?.canaryRan(canary, ranMs * MS);
}

function measured(scene: Scene, coreCount = 4, foreign: Spans | null = null): Measures {
  return measure({ ...scene, facts, coreCount, foreign });
}

/** Splits that add up to 1 within rounding, with the causes that are 0 left out. */
function split({ cause }: Measures): Record<string, number> {
  const { wakeUpCount: _, wakeUpLimitNs: __, ...shares } = cause;
  const known = Object.entries(shares).filter(([, share]) => share !== null && share !== 0);
  expect(known.reduce((sum, [, share]) => sum + (share ?? 0), 0)).toBeCloseTo(1, 12);
  return Object.fromEntries(known.map(([name, share]) => [name, Number((share ?? 0).toFixed(12))]));
}

/**
 * Queues without stealing on two workers: the first is blocked from 0 to 100 ms and has every other canary; the
 * second runs its own 100 µs after each was handed over and is idle otherwise.
 */
function partitioned(): Scene {
  const scene = emptyTrial(2, 400);
  const [first, second] = scene.workers;
  first?.held(0, BLOCK, 0, 100 * MS);
  let idleSinceMs = 100;
  for (let due = 0; due < 400; due += 2) {
    const ranMs = due < 100 ? 100 : due + 0.1;
    if (due >= 100) {
      first?.idle(idleSinceMs * MS, ranMs * MS);
      idleSinceMs = ranMs;
    }
    canary(scene, { canary: due, ranMs, worker: 0 });
    second?.idle((due === 0 ? 0 : due - 1 + 0.1) * MS, (due + 1.1) * MS);
    canary(scene, { canary: due + 1, ranMs: due + 1.1, worker: 1 });
  }
  return scene;
}

test("canaries that wait in the queue of a blocked worker beside an idle one wait for the scheduler", () => {
  const measures = measured(partitioned());
  // 200 canaries of the second worker and 150 of the first, each at once but for the 100 µs of waking.
  expect(measures.cause.wakeUpCount).toBe(350);
  expect(measures.cause.wakeUpLimitNs).toBeCloseTo(5 * 0.1 * MS, 0);
  expect(split(measures)).toEqual({ schedulerShare: 1 });
});

test("the same with fewer wake-ups than say anything blames only a rest as long as a late canary's delay", () => {
  const scene = emptyTrial(2, 60);
  scene.workers[0]?.held(0, BLOCK, 0, 50 * MS);
  scene.workers[1]?.idle(0, 60 * MS);
  for (let due = 0; due < 60; due++) canary(scene, { canary: due, ranMs: due === 0 ? 50 : due, worker: 1 });
  const measures = measured(scene);
  expect(measures.cause.wakeUpCount).toBeLessThan(MIN_WAKE_UPS);
  expect(measures.cause.wakeUpLimitNs).toBe(10 * MS);
  expect(split(measures)).toEqual({ schedulerShare: 1 });
});

test("a worker that polls its own tasks between short rests passes over the canary each time", () => {
  const scene = emptyTrial(2, 60);
  scene.workers[0]?.held(0, BLOCK, 0, 50 * MS);
  // No rest is longer than a wake-up may take, and in all they are.
  for (let at = 0; at < 60; at++) scene.workers[1]?.idle(at * MS, (at + 0.75) * MS);
  for (let due = 0; due < 60; due++) canary(scene, { canary: due, ranMs: due === 0 ? 50 : due, worker: 1 });
  const measures = measured(scene);
  expect(measures.cause.wakeUpLimitNs).toBe(10 * MS);
  expect(split(measures)).toEqual({ schedulerShare: 0.75, capacityShare: 0.25 });
});

test("a rest that has little in common with the canary's wait is only waking, though it lasts long", () => {
  const scene = emptyTrial(1, 100);
  // Idle for 20 ms before the canary and 9 ms into it; then held until it runs.
  scene.workers[0]?.idle(0, 29 * MS);
  scene.workers[0]?.held(0, BLOCK, 29 * MS, 50 * MS);
  for (let due = 0; due < 100; due++) canary(scene, { canary: due, ranMs: due === 20 ? 50 : due, worker: 0 });
  expect(split(measured(scene))).toEqual({ capacityShare: 0.7, wakingShare: 0.3 });
});

test("lateness of the releaser is the generator's, whatever the workers did", () => {
  const scene = emptyTrial(1, 100);
  scene.workers[0]?.idle(0, 30 * MS);
  scene.workers[0]?.held(0, BLOCK, 30 * MS, 40 * MS);
  for (let due = 0; due < 100; due++) {
    const late = due === 0;
    canary(scene, { canary: due, submittedMs: late ? 30 : due, ranMs: late ? 40 : due, worker: 0 });
  }
  expect(split(measured(scene))).toEqual({ generatorShare: 0.75, capacityShare: 0.25 });
});

test("four workers that compute on two cores want cores; on four they are all the capacity there is", () => {
  const scene = emptyTrial(4, 100);
  // An idle stretch of no account, so that it is known that the runtime records them.
  scene.workers[0]?.idle(99 * MS, 100 * MS);
  scene.workers.forEach((worker, task) => {
    worker.held(task, CPU, 0, 50 * MS);
  });
  for (let due = 0; due < 100; due++) canary(scene, { canary: due, ranMs: Math.max(due, 50), worker: 0 });
  expect(split(measured(scene, 2))).toEqual({ coresShare: 1 });
  expect(split(measured(scene, 4))).toEqual({ capacityShare: 1 });
});

test("what is left beside an idle worker goes to the host as far as a sensor saw others on the cores", () => {
  const scene = emptyTrial(1, 100);
  scene.workers[0]?.idle(0, 100 * MS);
  for (let due = 0; due < 100; due++) canary(scene, { canary: due, ranMs: due === 0 ? 40 : due, worker: 0 });
  const foreign = { startsNs: Float64Array.of(10 * MS), endsNs: Float64Array.of(20 * MS) };
  expect(split(measured(scene, 4, foreign))).toEqual({ hostShare: 0.25, schedulerShare: 0.75 });
  expect(measured(scene).cause.hostShare).toBeNull();
  expect(
    measured(scene, 4, { startsNs: new Float64Array(0), endsNs: new Float64Array(0) }).cause.hostShare,
  ).toBe(0);
});

/** What `ideal` makes of this load on two cores, with a canary every ms. */
async function modelled(composition: Composition, workerCount: number): Promise<Measures> {
  const made = await simulated(
    composition,
    { workerCount, coreCount: 2 },
    { periodNs: MS, phaseNs: 0.5 * MS },
  );
  return measure({ ...made, facts, coreCount: 2, foreign: null });
}

test("in the model of no overhead all waiting under blocks is for capacity, and that for a core is for cores", async () => {
  const blocks = openLoad([dueAt([0, 0], [{ op: "block", ns: 100 * MS }])], 200 * MS);
  expect(split(await modelled(blocks, 2))).toEqual({ capacityShare: 1 });
  const cpu = openLoad([dueAt([0, 0, 0, 0], [{ op: "cpu", units: 1e7 }])], 200 * MS);
  expect(split(await modelled(cpu, 2))).toEqual({ capacityShare: 1 });
  expect(split(await modelled(cpu, 4))).toEqual({ coresShare: 1 });
});

test("in virtual time workers may never rest, and it is known all the same what the waiting is for", async () => {
  const full: Composition = {
    ...openLoad([], 0),
    streams: [
      {
        release: { loop: "closed", sessionCount: 40, taskCount: 40, thinkNs: 0 },
        variants: [{ share: 1, class: "task", ops: [{ op: "block", ns: 5 * MS }] }],
      },
    ],
  };
  const measures = await modelled(full, 2);
  expect(measures.resources.idleShare).toBe(0);
  expect(split(measures)).toEqual({ capacityShare: 1 });
});

test("there is no split without a late canary, and none where no idle stretches are recorded", () => {
  const quiet = emptyTrial(1, 100);
  quiet.workers[0]?.idle(0, 100 * MS);
  for (let due = 0; due < 100; due++) canary(quiet, { canary: due, ranMs: due, worker: 0 });
  const { wakeUpCount, wakeUpLimitNs, ...shares } = measured(quiet).cause;
  expect([wakeUpCount, wakeUpLimitNs]).toEqual([100, 0]);
  expect(Object.values(shares).every((share) => share === null)).toBe(true);
  const unknown = emptyTrial(1, 100);
  unknown.workers[0]?.held(0, BLOCK, 0, 50 * MS);
  for (let due = 0; due < 100; due++) canary(unknown, { canary: due, ranMs: Math.max(due, 50), worker: 0 });
  expect(Object.values(measured(unknown).cause).every((value) => value === null)).toBe(true);
});
