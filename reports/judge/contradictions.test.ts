import { expect, test } from "vitest";
import type { TrialResources } from "../../harness/trial/trial.ts";
import { laneRow } from "../../runtimes/record.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import { dueAt, everyOp, MS, openLoad } from "../fixtures/compositions.ts";
import { caseOf, runHonestly, type Scene, sceneOf, sealAt } from "../fixtures/scene.ts";
import { divergedBecause } from "../judge.ts";
import {
  CANARY_DOUBLES,
  CANARY_HALVES,
  CANARY_RUN,
  CANARY_SUBMITTED,
  CANARY_WORKER,
  endNsOf,
  FINISH,
  FIRST_POLL,
  HELD,
  HOLD_DOUBLES,
  HOLD_END,
  HOLD_START,
  SUBMITTED,
  TASK_DOUBLES,
  TASK_HALVES,
  WORKER,
} from "../rows.ts";

/** Blocks of 5 ms at 0 and 20 ms (tasks 0 and 1), 1 ms of CPU at 40 and 41 ms (2 and 3). */
const load = openLoad(
  [
    dueAt([0, 20 * MS], [{ op: "block", ns: 5 * MS }]),
    dueAt([40 * MS, 41 * MS], [{ op: "cpu", units: 5e5 }]),
  ],
  100 * MS,
);
const honest = (): Scene => runHonestly(sceneOf(load, { periodNs: MS, phaseNs: MS / 2 }, 2));

const setTask =
  (task: number, ...fields: readonly (readonly [number, number])[]) =>
  ({ records }: Scene): void => {
    for (const [field, ns] of fields) records.taskF64[task * TASK_DOUBLES + field] = ns;
  };

test("an honest trial contradicts itself nowhere, whichever worker rested", () => {
  expect(divergedBecause(caseOf(honest()))).toEqual([]);
});

test("a worker may have rested beyond the end that a late witness put to the trial", () => {
  const scene = honest();
  const endNs = endNsOf(scene.records);
  // Nobody knows of an end yet when the rest is recorded.
  sealAt(scene, 0);
  scene.workers[0]?.idle(endNs - 10 * MS, endNs + 90 * MS);
  sealAt(scene, endNs);
  expect(divergedBecause(caseOf(scene))).toEqual([]);
});

test.each<[string, (scene: Scene) => void, RegExp]>([
  [
    "was first polled while its worker was held",
    setTask(1, [SUBMITTED, 22 * MS], [FIRST_POLL, 22 * MS], [FINISH, 30 * MS]),
    /task 1 was first polled at 22000000 ns by worker 0, which was held then/,
  ],
  [
    "was first polled while its worker rested",
    setTask(2, [SUBMITTED, 30 * MS], [FIRST_POLL, 30 * MS]),
    /task 2 was first polled at 30000000 ns by worker 0, which rested then/,
  ],
  [
    "was polled by a worker that does not exist",
    ({ records }) => {
      records.taskU16[2 * TASK_HALVES + WORKER] = 2;
    },
    /task 2 was polled by worker 2, and there is none/,
  ],
  [
    "took longer than its worker had time for",
    (scene) => {
      for (const task of [2, 3]) setTask(task, [FINISH, 90 * MS])(scene);
    },
    /worker 0 polled and rested for \d+(\.\d+)? ns and the trial took \d+ ns/,
  ],
  [
    "ended before its hold",
    setTask(2, [FINISH, 40.5 * MS]),
    /a hold from \d+(\.\d+)? to \d+(\.\d+)? ns is of task 2, which was not under way all that time/,
  ],
  [
    "took less time than it held a worker",
    setTask(2, [FINISH, 40.5 * MS]),
    /task 2 took \d+(\.\d+)? ns from first poll to finish, held workers for 1000000 ns of that/,
  ],
  [
    "computed faster than any processor",
    setTask(2, [HELD, 4e5]),
    /task 2 held a worker for 400000 ns, and no processor does its 500000 units in that/,
  ],
])("a trial has diverged in which a task %s", (_, cheat, reason) => {
  const scene = honest();
  cheat(scene);
  expect(divergedBecause(caseOf(scene)).join("\n")).toMatch(reason);
});

test("a hold may lie outside of its task by what two clocks differ", () => {
  const scene = honest();
  const { holdF64, taskF64 } = scene.records;
  const firstPollNs = taskF64[FIRST_POLL] as number;
  const movedBy = (ns: number): string[] => {
    holdF64[HOLD_START] = firstPollNs - ns;
    holdF64[HOLD_END] = firstPollNs - ns + 5 * MS;
    return divergedBecause(caseOf(scene));
  };
  expect(holdF64.length).toBeGreaterThan(HOLD_DOUBLES);
  expect(movedBy(10e3)).toEqual([]);
  expect(movedBy(30e3).join("\n")).toMatch(/is of task 0, which was not under way all that time/);
});

test.each<[string, number, number, RegExp]>([
  ["ran while its worker was held", CANARY_RUN, 22.6 * MS, /canary 22 ran at 22600000 ns on worker 0, which/],
  [
    "is said to have been handed over late, after what was due later",
    CANARY_SUBMITTED,
    24 * MS,
    /canary 23 was handed over at 23500000 ns, and what was due before it at 24000000 ns/,
  ],
])("a trial has diverged in which a canary %s", (_, field, ns, reason) => {
  const scene = honest();
  scene.records.canaryF64[22 * CANARY_DOUBLES + field] = ns;
  expect(divergedBecause(caseOf(scene)).join("\n")).toMatch(reason);
});

test("a canary may run while another worker is held, and on none that does not exist", () => {
  const scene = honest();
  scene.records.canaryF64[22 * CANARY_DOUBLES + CANARY_RUN] = 22.6 * MS;
  const runBy = (worker: number): string[] => {
    scene.records.canaryU16[22 * CANARY_HALVES + CANARY_WORKER] = worker;
    return divergedBecause(caseOf(scene));
  };
  expect(runBy(1)).toEqual([]);
  expect(runBy(2)).toEqual(["canary 22 was run by worker 2, and there is none"]);
});

test("tasks and canaries were handed over in one order", () => {
  const scene = honest();
  setTask(2, [SUBMITTED, 41.2 * MS], [FIRST_POLL, 41.3 * MS])(scene);
  expect(divergedBecause(caseOf(scene)).join("\n")).toMatch(
    /canary 40 was handed over at 40500000 ns, and what was due before it at 41200000 ns \(and 1 more/,
  );
});

const resources: TrialResources = {
  elapsedNs: 100 * MS,
  cpuNs: null,
  runDelayNs: null,
  releaserCpuNs: null,
  workerCpuNs: [60 * MS, 0],
  rssBytes: null,
  rssAtEpochBytes: null,
  voluntarySwitches: null,
  involuntarySwitches: null,
};

test.each<[string, readonly number[], Partial<TrialResources>, RegExp]>([
  ["are one thread", [7, 7, 9], {}, /^workers 0 and 1 say that they are one thread$/],
  [
    "are no thread at all",
    [7, 8, 9],
    { workerCpuNs: [60 * MS, null] },
    /^worker 1 says that it is thread 8, and there is none$/,
  ],
  ["are the releaser's", [7, 9, 9], {}, /^worker 1 says that it is the releaser's thread$/],
])("workers that %s have diverged", (_, threadIds, changed, reason) => {
  const scene = honest();
  threadIds.forEach((id, lane) => {
    scene.records.laneU32[lane * strideIn(laneRow, "u32") + laneRow.index.threadId] = id;
  });
  expect(divergedBecause(caseOf(scene, { resources: { ...resources, ...changed } })).join("\n")).toMatch(
    reason,
  );
  expect(
    divergedBecause(caseOf(scene, { resources: { ...resources, ...changed, workerCpuNs: null } })),
  ).toEqual([]);
});

test("work costs CPU: at least what the fastest processor takes, less what the kernel has not booked", () => {
  const scene = runHonestly(
    sceneOf(openLoad([dueAt([0], [{ op: "cpu", units: 50e6 }])], 200 * MS), { periodNs: 0 }, 2),
  );
  [7, 8, 9].forEach((id, lane) => {
    scene.records.laneU32[lane * strideIn(laneRow, "u32") + laneRow.index.threadId] = id;
  });
  const withCpu = (first: number, second: number): string[] =>
    divergedBecause(caseOf(scene, { resources: { ...resources, workerCpuNs: [first, second] } }));
  expect(withCpu(31 * MS, 0)).toEqual([]);
  expect(withCpu(0, 31 * MS)).toEqual([]);
  expect(withCpu(15 * MS, 14 * MS)).toEqual([
    "the workers took 29000000 ns of CPU, and no processor does the 50000000 units of their tasks in less than 50000000 ns",
  ]);
});

test("every op leaves an honest trial free of contradictions", () => {
  const peer = { connectionCount: 2, requestCount: 2, bytesIn: 200, bytesOut: 200, cpuNs: 0, coreShare: 0 };
  const scene = runHonestly(sceneOf(everyOp, { periodNs: MS }, 2));
  expect(divergedBecause(caseOf(scene, { peer }))).toEqual([]);
});
