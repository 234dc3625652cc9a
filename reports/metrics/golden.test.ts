import { describe, expect, test } from "vitest";
import { recordsHeaderRow, taskStates } from "../../runtimes/record.ts";
import type { CanarySchedule } from "../../workloads/trace/build.ts";
import { BLOCK, CPU } from "../../workloads/trace/op.ts";
import { TASK_DUE, TASK_F64 } from "../../workloads/trace/trace.ts";
import type { Composition } from "../../workloads/workload.ts";
import { closedLoad, dueAt, MS, openLoad } from "../fixtures/compositions.ts";
import { playHeld } from "../fixtures/held.ts";
import { facts, runTimer, type Scene, sceneOf, sealAt } from "../fixtures/scene.ts";
import { STATE, TASK_BYTES } from "../rows.ts";
import { metrics } from "./catalog.ts";
import { type Measures, measure } from "./measures.ts";
import { jainIndex } from "./sessions.ts";

function measured(scene: Scene): Measures {
  return measure({ trace: scene.trace, records: scene.records, facts, coreCount: 2, foreign: null });
}

function figure(measures: Measures, name: string): number | null {
  const metric = metrics.find((candidate) => candidate.name === name);
  if (metric === undefined) throw new Error(`no metric ${name}`);
  return metric.of(measures);
}

const halfPhase: CanarySchedule = { periodNs: MS, phaseNs: 0.5 * MS };

const repeat = (count: number, everyMs: number): number[] =>
  Array.from({ length: count }, (_, index) => index * everyMs);

describe("a gap between two stretches in which all workers are held", () => {
  const blocks = [
    [0, 0, 50],
    [0, 60, 110],
  ] as const;
  const base = { workerCount: 1, windowMs: 200, blocks };

  test("counts as held where nothing made progress in it", () => {
    // Every canary waits through the gap.
    const measures = measured(playHeld({ ...base, allHeld: [[0, 110]] }));
    expect(figure(measures, "allHeldShare")).toBe(110 / 200);
    expect(figure(measures, "allHeldShareRaw")).toBe(100 / 200);
  });

  test("counts as held where the next canary runs just as the gap ends", () => {
    const stretches = [
      [0, 60],
      [60, 110],
    ] as const;
    expect(figure(measured(playHeld({ ...base, allHeld: stretches })), "allHeldShare")).toBe(110 / 200);
  });

  test("counts as held where only the next blocker was polled in it", () => {
    const load = openLoad([dueAt([0, 0], [{ op: "block", ns: 50 * MS }])], 200 * MS);
    const scene = sceneOf(load, halfPhase);
    const worker = scene.workers[0];
    scene.releaser.canarySubmitted(0, 0.5 * MS, 0.5 * MS);
    worker?.canaryRan(0, 110 * MS);
    for (const task of [0, 1]) {
      scene.releaser.submitted(task, 0);
      // Its worker takes it in the gap and sleeps a little later.
      worker?.pollStarts(task, task * 55 * MS, 0);
      worker?.held(task, BLOCK, task * 60 * MS, (task * 60 + 50) * MS);
    }
    expect(figure(measured(scene), "allHeldShare")).toBe(110 / 200);
  });

  test("does not count where a canary ran in it", () => {
    const measures = measured(
      playHeld({
        ...base,
        allHeld: [
          [0, 50],
          [60, 110],
        ],
      }),
    );
    expect(figure(measures, "allHeldShare")).toBe(100 / 200);
  });

  test("does not count where another task was first polled in it", () => {
    const load = openLoad(
      [dueAt([0, 60 * MS], [{ op: "block", ns: 50 * MS }]), dueAt([55 * MS], [{ op: "cpu", units: 1 }])],
      200 * MS,
    );
    const scene = sceneOf(load, halfPhase);
    const worker = scene.workers[0];
    for (const [task, start] of [
      [0, 0],
      [2, 60 * MS],
    ] as const) {
      scene.releaser.submitted(task, start);
      worker?.pollStarts(task, start, 0);
      worker?.held(task, BLOCK, start, start + 50 * MS);
    }
    scene.releaser.canarySubmitted(0, 0.5 * MS, 0.5 * MS);
    worker?.canaryRan(0, 110 * MS);
    expect(figure(measured(scene), "allHeldShare")).toBe(110 / 200);
    scene.releaser.submitted(1, 55 * MS);
    worker?.pollStarts(1, 55 * MS, 0);
    expect(figure(measured(scene), "allHeldShare")).toBe(100 / 200);
  });

  test("does not count where nothing was ready in it, or only from some time on", () => {
    const load = openLoad([dueAt([0, 50 * MS], [{ op: "block", ns: 20 * MS }])], 100 * MS);
    const shareWith = (canary: { submittedNs: number; runNs: number }): number | null => {
      const scene = sceneOf(load, halfPhase);
      for (const [task, start] of [0, 50 * MS].entries())
        scene.workers[0]?.held(task, BLOCK, start, start + 20 * MS);
      for (let due = 0; due < 100; due++) {
        scene.releaser.canarySubmitted(due, (due + 0.5) * MS, Math.max(canary.submittedNs, (due + 0.5) * MS));
        scene.workers[0]?.canaryRan(due, Math.max(canary.runNs, (due + 0.5) * MS));
      }
      return figure(measured(scene), "allHeldShare");
    };
    expect(shareWith({ submittedNs: 20 * MS, runNs: 70 * MS })).toBe(0.7);
    expect(shareWith({ submittedNs: 20.1 * MS, runNs: 70 * MS })).toBe(0.4);
    expect(shareWith({ submittedNs: 80 * MS, runNs: 90 * MS })).toBe(0.4);
  });

  test("does not count without canaries", () => {
    const load = openLoad([dueAt([0, 60 * MS], [{ op: "block", ns: 50 * MS }])], 200 * MS);
    const scene = sceneOf(load);
    scene.workers[0]?.held(0, BLOCK, 0, 50 * MS);
    scene.workers[0]?.held(1, BLOCK, 60 * MS, 110 * MS);
    expect(figure(measured(scene), "allHeldShare")).toBe(100 / 200);
  });
});

test("a canary that never ran counts up to the end of the trial and is named as such", () => {
  const scene = sceneOf(openLoad([], 10 * MS), halfPhase);
  for (let canary = 0; canary < 10; canary++) {
    scene.releaser.canarySubmitted(canary, (canary + 0.5) * MS, (canary + 0.5) * MS);
    if (canary < 8) scene.workers[0]?.canaryRan(canary, (canary + 0.5) * MS);
  }
  sealAt(scene, 5000 * MS);
  const measures = measured(scene);
  expect(figure(measures, "canaryCensoredCount")).toBe(2);
  expect(figure(measures, "canaryCensoredFromNs")).toBe((5000 - 9.5) * MS);
  expect(figure(measures, "longestFreezeNs")).toBe((5000 - 8.5) * MS);
  expect(figure(measures, "longestFreezeAtNs")).toBe(8.5 * MS);
  // Only what lies within the window counts as its share: [8.5, 10) ms of 10.
  expect(figure(measures, "starvedShare")).toBeCloseTo(0.15, 12);
});

/** 25 tasks: task k is due at k ms, handed over 1·k µs late, polled 10·(k + 1) µs later and done 100 µs after that. */
function playOpen(load: Composition): Scene {
  const scene = sceneOf(load);
  for (let task = 0; task < 25; task++) {
    const dueNs = scene.trace.taskF64[task * TASK_F64 + TASK_DUE] as number;
    const submittedNs = dueNs + task * 1e3;
    const firstPollNs = submittedNs + (task + 1) * 1e4;
    scene.releaser.submitted(task, submittedNs);
    scene.workers[0]?.pollStarts(task, firstPollNs, 0);
    scene.workers[0]?.pollStarts(task, firstPollNs + 5e4, firstPollNs + 4e4);
    scene.workers[0]?.finished(task, firstPollNs + 1e5, 0);
  }
  return scene;
}

const openLoadOf25 = openLoad([dueAt(repeat(25, MS), [{ op: "yield" }])], 24 * MS);

test("lag, wait, service and response of an open loop start at the intended start", () => {
  const measures = measured(playOpen(openLoadOf25));
  // Rank 13 of 25 is task 12; above p90 are two samples only.
  expect(measures.measured.lagNs).toEqual({
    count: 25,
    p50: 12e3,
    p90: null,
    p99: null,
    p999: null,
    max: 24e3,
    mean: 12e3,
  });
  expect(figure(measures, "waitNs.p50")).toBe(12e3 + 13e4);
  expect(figure(measures, "waitNs.max")).toBe(24e3 + 25e4);
  expect(figure(measures, "serviceNs.mean")).toBeCloseTo(1e5, 6);
  expect(figure(measures, "resumeWaitNs.p50")).toBe(1e4);
  expect(figure(measures, "responseNs.p50")).toBe(12e3 + 13e4 + 1e5);
  // The last task is due at the end of the window and finishes after it.
  expect(figure(measures, "offeredPerSecond")).toBeCloseTo(25 / 0.024, 9);
  expect(figure(measures, "donePerSecond")).toBe(1000);
  expect(figure(measures, "throughputPerSecond")).toBeNull();
});

test("a task that finishes as the window ends was done within it", () => {
  const scene = sceneOf(openLoad([dueAt([0, 0], [])], 10 * MS));
  for (const task of [0, 1]) {
    scene.releaser.submitted(task, 0);
    scene.workers[0]?.pollStarts(task, 0, 0);
    scene.workers[0]?.finished(task, 10 * MS + task, 0);
  }
  expect(figure(measured(scene), "donePerSecond")).toBe(100);
});

test("an unserved task is in no percentile, is counted, and still has its wait if it was started", () => {
  const scene = playOpen(openLoadOf25);
  scene.records.taskU8[3 * TASK_BYTES + STATE] = taskStates.unserved;
  const measures = measured(scene);
  expect(figure(measures, "waitNs.count")).toBe(25);
  expect(figure(measures, "responseNs.count")).toBe(24);
  expect(figure(measures, "unservedCount")).toBe(1);
  expect(figure(measures, "unservedShare")).toBe(1 / 25);
});

test("a task done after its deadline is unserved too", () => {
  const scene = playOpen({ ...openLoadOf25, classes: [{ name: "task", deadlineNs: 3e5 }] });
  // Task k responds after k + 10·(k + 1) + 100 µs: beyond 300 µs from k = 18 on.
  expect(figure(measured(scene), "unservedCount")).toBe(7);
});

test("a closed loop has no lag, and its wait starts where the task was handed over", () => {
  const scene = sceneOf(closedLoad);
  for (let task = 0; task < 40; task++) {
    scene.workers[0]?.spawned(task, task * MS);
    scene.workers[0]?.pollStarts(task, task * MS + 100, 0);
    scene.workers[0]?.finished(task, (task + 1) * MS, 0);
  }
  const measures = measured(scene);
  expect(measures.measured.loop).toBe("closed");
  expect(measures.measured.lagNs).toEqual({
    count: 0,
    p50: null,
    p90: null,
    p99: null,
    p999: null,
    max: null,
    mean: null,
  });
  expect(figure(measures, "waitNs.p50")).toBe(100);
  expect(figure(measures, "responseNs.max")).toBe(MS);
  // From rank 2 to rank 38 of the finishes at 1, 2 … 40 ms.
  expect(figure(measures, "throughputPerSecond")).toBeCloseTo(1000, 9);
  expect(figure(measures, "offeredPerSecond")).toBeNull();
});

test("a counted load of fewer than 20 finishes, or of no length, has no throughput", () => {
  const scene = sceneOf(closedLoad);
  for (let task = 0; task < 40; task++) {
    scene.workers[0]?.spawned(task, 0);
    scene.workers[0]?.pollStarts(task, 0, 0);
    scene.workers[0]?.finished(task, 0, 0);
  }
  const measures = measured(scene);
  expect(figure(measures, "throughputPerSecond")).toBeNull();
  expect(figure(measures, "allHeldShare")).toBeNull();
  for (let task = 19; task < 40; task++)
    scene.records.taskU8[task * TASK_BYTES + STATE] = taskStates.unserved;
  expect(figure(measured(scene), "throughputPerSecond")).toBeNull();
});

describe("what workers did while they polled nothing", () => {
  /** 10 ms, two workers; the first rests for 4 ms and 5 µs and is paused twice, the second rests for 1 ms. */
  function playRests(): Scene {
    const scene = sceneOf(openLoad([], 10 * MS), { periodNs: 0 }, 2);
    const [first, second] = scene.workers;
    first?.idle(0, 4 * MS);
    first?.idle(5 * MS, 5 * MS + 5e3);
    first?.gcPause(6 * MS, 7 * MS);
    first?.gcPause(8 * MS, 8 * MS + 10);
    second?.idle(9 * MS, 10 * MS);
    sealAt(scene, 10 * MS);
    return scene;
  }

  test("is idle time as a share of all workers' time, also where it was too short for a row", () => {
    expect(figure(measured(playRests()), "idleShare")).toBe(5.005 / 20);
  });

  test("is time in collections only where every worker was watched for them", () => {
    const scene = playRests();
    scene.workers[0]?.gcWatched();
    expect(figure(measured(scene), "gcNs")).toBeNull();
    scene.workers[1]?.gcWatched();
    expect(figure(measured(scene), "gcNs")).toBe(MS + 10);
    expect(figure(measured(scene), "gcLongestNs")).toBe(MS);
  });

  test("is no more than all the time there was, though a worker saw the end late", () => {
    const scene = playRests();
    for (const worker of scene.workers) worker.idle(0, 10 * MS);
    expect(figure(measured(scene), "idleShare")).toBe(1);
  });

  test("is unknown where the runtime records none", () => {
    const measures = measured(sceneOf(openLoad([], 10 * MS)));
    expect(["idleShare", "gcNs", "gcLongestNs"].map((name) => figure(measures, name))).toEqual([
      null,
      null,
      null,
    ]);
  });
});

describe("no metric is NaN or infinite", () => {
  const canariesOnly = (): Scene => {
    const scene = sceneOf(openLoad([], 10 * MS), halfPhase);
    sealAt(scene, 10 * MS);
    return scene;
  };
  const scenes: readonly (readonly [string, () => Scene])[] = [
    ["nothing was recorded", () => sceneOf(openLoad([], 10 * MS))],
    ["nothing took any time", () => sceneOf(closedLoad)],
    ["a counted load was cut off at once", () => sceneOf(closedLoad, halfPhase, 3)],
    ["canaries were due and none was handed over", canariesOnly],
    [
      "canaries were handed over and none ran",
      () => {
        const scene = canariesOnly();
        for (let canary = 0; canary < 10; canary++) {
          scene.releaser.canarySubmitted(canary, (canary + 0.5) * MS, (canary + 0.5) * MS);
        }
        scene.workers[0]?.idle(0, 10 * MS);
        sealAt(scene, 1000 * MS);
        return scene;
      },
    ],
    [
      "all canaries are due at the end",
      () => {
        const scene = canariesOnly();
        scene.releaser.canarySubmitted(0, 10 * MS, 10 * MS);
        scene.workers[0]?.canaryRan(0, 1000 * MS);
        scene.workers[0]?.idle(0, 10 * MS);
        return scene;
      },
    ],
    [
      "blocks lie beyond the window",
      () => playHeld({ workerCount: 1, windowMs: 5, blocks: [[0, 50, 90]], allHeld: [] }),
    ],
    [
      "blocks have no length",
      () => playHeld({ workerCount: 1, windowMs: 5, blocks: [[0, 1, 1]], allHeld: [] }),
    ],
    ["workers are never held", () => playHeld({ workerCount: 8, windowMs: 5, blocks: [], allHeld: [] })],
  ];

  test.each(scenes)("where %s", (_, play) => {
    const measures = measured(play());
    for (const metric of metrics) {
      const value = metric.of(measures);
      expect(value === null || Number.isFinite(value), `${metric.name} is ${value}`).toBe(true);
      if (metric.unit === "share" && value !== null) {
        expect(value, metric.name).toBeGreaterThanOrEqual(0);
        expect(value, metric.name).toBeLessThanOrEqual(1);
      }
    }
  });
});

test("Jain's index is 1 for equal shares, 1/m for one of m, and known in between", () => {
  expect(jainIndex([1, 1, 0, 0])).toBe(0.5);
  expect(jainIndex([...new Array<number>(8).fill(3), 0, 0])).toBeCloseTo(0.8, 12);
  expect(jainIndex([1, 2, 3, 4, 5])).toBeCloseTo(0.818182, 6);
  expect(jainIndex([7, 7, 7])).toBe(1);
  expect(jainIndex([0, 0])).toBeNull();
  expect(jainIndex([1])).toBeNull();
});

test("sessions are compared by their tasks finished within the window", () => {
  const scene = sceneOf(closedLoad);
  // 40 tasks in four chains: the last ten tasks of all are not done, and of the fourth chain none but the first.
  for (let task = 0; task < 30; task++) {
    if (task % 4 === 3 && task > 3) continue;
    scene.workers[0]?.spawned(task, task);
    scene.workers[0]?.pollStarts(task, task, 0);
    scene.workers[0]?.finished(task, task + 1, 0);
  }
  sealAt(scene, 1000);
  const served = [8, 8, 7, 1];
  expect(figure(measured(scene), "jain")).toBe(jainIndex(served));
  expect(figure(measured(scene), "worstSessionShare")).toBe(1 / 7.5);
});

test("holds under an episode: those that took most of it, the longest share first, at most three", () => {
  const scene = sceneOf(openLoad([dueAt(repeat(6, 0), [{ op: "block", ns: MS }])], 100 * MS), halfPhase);
  const worker = scene.workers[0];
  const lengthsMs = [5, 20, 10, 15, 2, 30];
  let atMs = 0;
  lengthsMs.forEach((lengthMs, task) => {
    worker?.held(task, task === 3 ? CPU : BLOCK, atMs * MS, (atMs + lengthMs) * MS);
    atMs += lengthMs;
  });
  // Waits from 0.5 to 60 ms: of the last hold only 8 ms are under it.
  for (let canary = 0; canary < 100; canary++) {
    const dueMs = canary + 0.5;
    scene.releaser.canarySubmitted(canary, dueMs * MS, dueMs * MS);
    worker?.canaryRan(canary, Math.max(dueMs, 60) * MS);
  }
  const told = measured(scene).episodes.told.find(({ thresholdNs }) => thresholdNs === 10 * MS);
  expect(told).toEqual({
    thresholdNs: 10 * MS,
    startNs: 10.5 * MS,
    endNs: 60 * MS,
    holds: [
      { task: 1, op: "block", worker: 0, startNs: 5 * MS, endNs: 25 * MS },
      { task: 3, op: "cpu", worker: 0, startNs: 35 * MS, endNs: 50 * MS },
      { task: 2, op: "block", worker: 0, startNs: 25 * MS, endNs: 35 * MS },
    ],
  });
});

test("the longest episode is told however many equal ones are before it", () => {
  const waits = [...repeat(11, 50).map((at) => [at, 30] as const), [600, 90] as const];
  const scene = sceneOf(openLoad([], 1000 * MS), { periodNs: 10 * MS, phaseNs: 0 });
  for (const [canary, at] of repeat(100, 10).entries()) {
    const waited = waits.find(([from]) => from === at)?.[1] ?? 0;
    scene.releaser.canarySubmitted(canary, at * MS, at * MS);
    scene.workers[0]?.canaryRan(canary, (at + waited) * MS);
  }
  const { told } = measured(scene).episodes;
  const lengths = told
    .filter(({ thresholdNs }) => thresholdNs === 10 * MS)
    .map((one) => one.endNs - one.startNs);
  expect(lengths).toEqual([...new Array(9).fill(20 * MS), 80 * MS]);
});

test("of many episodes the ten longest are told, in order of time", () => {
  const scene = sceneOf(openLoad([], 1000 * MS), halfPhase);
  // Every 50 ms a canary waits for 11, 12 … 30 ms.
  for (let canary = 0; canary < 1000; canary++) {
    const dueMs = canary + 0.5;
    scene.releaser.canarySubmitted(canary, dueMs * MS, dueMs * MS);
    scene.workers[0]?.canaryRan(canary, (canary % 50 === 0 ? dueMs + 11 + canary / 50 : dueMs) * MS);
  }
  const { episodes } = measured(scene);
  expect(episodes.over10ms.count).toBe(20);
  const told = episodes.told.filter(({ thresholdNs }) => thresholdNs === 10 * MS);
  expect(told.map(({ startNs }) => startNs / MS)).toEqual(repeat(10, 50).map((at) => at + 500 + 10.5));
});

test("a canary delayed by exactly 10 ms is not late, and one by more is", () => {
  const scene = sceneOf(openLoad([], 100 * MS), { periodNs: 25 * MS, phaseNs: 0 });
  [10 * MS, 10 * MS + 1, 0, 0].forEach((delayNs, canary) => {
    const dueNs = canary * 25 * MS;
    scene.releaser.canarySubmitted(canary, dueNs, dueNs);
    scene.workers[0]?.canaryRan(canary, dueNs + delayNs);
  });
  const measures = measured(scene);
  expect(figure(measures, "lateCanaryShare")).toBe(1 / 4);
  expect(figure(measures, "starvedShare")).toBe((10 * MS + 1) / (100 * MS));
  expect(figure(measures, "episodes.over10ms.count")).toBe(1);
});

test("a timer's lateness is counted from its due time, up to the end where it never fired, and is no freeze", () => {
  const scene = sceneOf(openLoad([], 400 * MS), halfPhase);
  for (let timer = 0; timer < 39; timer++) runTimer(scene, timer, (10 * timer + 0.5 + 0.1 * timer) * MS);
  scene.records.headerI32[recordsHeaderRow.index.timerCount] = 40;
  sealAt(scene, 420 * MS);
  const measures = measured(scene);
  expect(figure(measures, "timerLatenessNs.count")).toBe(40);
  expect(figure(measures, "timerLatenessNs.p50")).toBeCloseTo(1.9 * MS, 3);
  expect(figure(measures, "timerLatenessNs.max")).toBe(29.5 * MS);
  expect(figure(measures, "timerCensoredCount")).toBe(1);
  expect(figure(measures, "longestFreezeNs")).toBe(null);
});

test("a local canary's delay is counted from when it was spawned, and is no freeze", () => {
  const scene = sceneOf(openLoad([], 4 * MS), halfPhase);
  for (let canary = 0; canary < 4; canary++) {
    const dueNs = (canary + 0.5) * MS;
    scene.releaser.canarySubmitted(canary, dueNs, dueNs);
    if (canary < 3) scene.workers[0]?.canaryRan(canary, dueNs + 0.1 * MS);
    if (canary < 2) scene.workers[0]?.localRan(canary, dueNs + (canary + 2) * MS);
  }
  sealAt(scene, 12.6 * MS);
  const measures = measured(scene);
  expect(figure(measures, "localCanaryDelayNs.count")).toBe(3);
  expect(figure(measures, "localCanaryDelayNs.max")).toBe(10 * MS);
  expect(figure(measures, "localCanaryDelayNs.mean")).toBeCloseTo(((1.9 + 2.9 + 10) / 3) * MS, 3);
  expect(figure(measures, "localCensoredCount")).toBe(1);
  expect(figure(measures, "canaryDelayNs.count")).toBe(4);
});

test("what an event loop says of itself is told as it said it, tails only where samples bear them", () => {
  const scene = sceneOf(openLoad([], 4 * MS), halfPhase);
  scene.workers[0]?.eventLoopSaid({ count: 100, delayNs: [10, 11, 12, 13, 100, 14], busyShare: 0.2 });
  const measures = measured(scene);
  expect(
    ["p50", "p90", "p99", "p999", "max", "mean"].map((q) => figure(measures, `loopDelayNs.${q}`)),
  ).toEqual([10, 11, null, null, 100, 14]);
  expect(figure(measures, "loopUtilization")).toBe(0.2);
  const silent = measured(sceneOf(openLoad([], 4 * MS), halfPhase));
  expect(figure(silent, "loopDelayNs.count")).toBe(null);
  expect(figure(silent, "loopUtilization")).toBe(null);
});

test("CPU holds make workers busy and not held", () => {
  const scene = sceneOf(openLoad([dueAt([0, 0], [{ op: "cpu", units: 1 }])], 10 * MS), halfPhase, 2);
  scene.workers[0]?.held(0, CPU, 0, 8 * MS);
  scene.workers[1]?.held(1, BLOCK, 2 * MS, 9 * MS);
  expect(figure(measured(scene), "allBusyShare")).toBeCloseTo(0.6, 12);
  expect(figure(measured(scene), "allHeldShareRaw")).toBe(0);
});

test("every metric has a name of its own, a definition and a source", () => {
  expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length);
  for (const { definition, source } of metrics) {
    expect(definition).toMatch(/\.$/);
    expect(source).toMatch(/\.$/);
  }
});
