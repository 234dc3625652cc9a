import { expect, test } from "vitest";
import { build } from "../workloads/trace/build.ts";
import { canaryDueNs, type Trace } from "../workloads/trace/trace.ts";
import type { Composition, Release } from "../workloads/workload.ts";
import { idsOf } from "./ids.ts";
import { sumLanes } from "./lane-sums.ts";
import { canaryRow, recordsHeaderRow, taskRecordRow } from "./record.ts";
import { allocateRecords, type Records } from "./records.ts";
import { shapeFor } from "./records-room.ts";
import { Releaser } from "./release.ts";
import { maySpin } from "./runtime.ts";
import { allocateTasks, type Tasks } from "./tasks.ts";
import { EMPTY, Injector, injectorWords } from "./work-stealing/injector.ts";

interface Rig {
  readonly releaser: Releaser;
  readonly records: Records;
  readonly tasks: Tasks;
  /** Batches woken for. */
  readonly wakes: () => number;
  /** All ids handed over since the last call. */
  readonly taken: () => number[];
}

function rigFor(trace: Trace, clock: () => number = () => 0): Rig {
  const records = allocateRecords(shapeFor(trace, 1));
  const tasks = allocateTasks(trace);
  const idCount = idsOf(records.shape).end;
  const injector = new Injector(new Int32Array(new SharedArrayBuffer(4 * injectorWords(idCount))));
  let wakeCount = 0;
  const inlet = {
    push: (ids: Int32Array, count: number): void => {
      injector.push(ids, count);
      wakeCount++;
    },
  };
  const { gates } = tasks;
  return {
    releaser: new Releaser({ trace, records, gates, inlet, clock: { now: clock }, maySpin: true }),
    records,
    tasks,
    wakes: () => wakeCount,
    taken: () => {
      const ids: number[] = [];
      for (let id = injector.pop(); id !== EMPTY; id = injector.pop()) ids.push(id);
      return ids;
    },
  };
}

const composed = (release: Release, windowNs: number): Composition => ({
  classes: [{ name: "task" }],
  measured: "task",
  windowNs,
  connectionCount: 0,
  streams: [{ release, variants: [{ share: 1, class: "task", ops: [] }] }],
});

const at = (...atNs: number[]): Release => ({ loop: "open", arrivals: { kind: "times", atNs } });

test("tasks and canaries are handed over in the order of their due times, a task before a canary of the same instant", () => {
  const trace = build(composed(at(0, 500, 1500, 1500, 9000), 4000), 1, { periodNs: 1000, phaseNs: 500 });
  const { releaser, taken, wakes } = rigFor(trace);
  expect(releaser.releaseDue(0)).toBe(false);
  expect(taken()).toEqual([0]);
  releaser.releaseDue(499);
  expect([taken(), wakes()]).toEqual([[], 1]);
  releaser.releaseDue(3000);
  expect([taken(), wakes()]).toEqual([[1, 5, 2, 3, 6, 7], 2]);
  releaser.releaseDue(10_000);
  expect(taken()).toEqual([8, 4]);
});

test("each id is stamped with the reading it was released at", () => {
  const trace = build(composed(at(0, 100), 4000), 1, { periodNs: 1000, phaseNs: 50 });
  const { releaser, records } = rigFor(trace);
  releaser.releaseDue(70);
  releaser.releaseDue(130);
  const submitted = (task: number): number | undefined =>
    records.taskF64[(task * taskRecordRow.strideBytes) / 8 + taskRecordRow.index.submittedNs];
  expect([submitted(0), submitted(1)]).toEqual([70, 130]);
  expect(records.canaryF64[canaryRow.index.dueNs]).toBe(50);
  expect(records.canaryF64[canaryRow.index.submittedNs]).toBe(70);
  expect(sumLanes(records, "submitted")).toBe(2);
});

test("a large batch is handed over in parts, each woken for", () => {
  const trace = build(composed({ loop: "open", arrivals: { kind: "at-once", count: 1000 } }, 0), 1, {
    periodNs: 0,
  });
  const { releaser, taken, wakes } = rigFor(trace);
  while (releaser.releaseDue(0));
  expect(taken()).toEqual(Array.from({ length: 1000 }, (_, task) => task));
  expect(wakes()).toBe(16);
});

test("a task that is due before its predecessor has ended is stamped and left at its gate", () => {
  const trace = build(composed({ ...at(0, 10, 20), sessionCount: 1 } as Release, 100), 1, { periodNs: 0 });
  const { releaser, records, tasks, taken } = rigFor(trace);
  releaser.releaseDue(15);
  expect([taken(), tasks.gates[1], sumLanes(records, "submitted")]).toEqual([[0], 1, 2]);
  // The predecessor of task 2 ends before task 2 is due.
  Atomics.sub(tasks.gates, 2, 1);
  releaser.releaseDue(20);
  expect(taken()).toEqual([2]);
});

test("a window has one canary a period, and a run ends by itself after the last", () => {
  const trace = build(composed(at(), 10_500), 3, { periodNs: 1000 });
  let nowNs = 0;
  const { releaser, records, taken } = rigFor(trace, () => {
    nowNs += 300;
    return nowNs;
  });
  releaser.run();
  expect(taken()).toEqual(Array.from({ length: 10 }, (_, canary) => canary));
  expect(Atomics.load(records.headerI32, recordsHeaderRow.index.releaseEnded)).toBe(1);
});

test("a counted load has canaries until its last task ended: those due by then and no later one", () => {
  const trace = build(composed(at(0), 0), 3, { periodNs: 1000 });
  const { canaryCount, releaseEnded, tasksEnded } = recordsHeaderRow.index;
  let nowNs = 0;
  const rig = rigFor(trace, () => {
    nowNs += 400;
    if (nowNs >= 50_000) Atomics.store(rig.records.headerI32, tasksEnded, 1);
    return nowNs;
  });
  rig.releaser.run();
  const { headerI32 } = rig.records;
  const released = headerI32[canaryCount] as number;
  expect(canaryDueNs(trace, released - 1)).toBeLessThanOrEqual(nowNs);
  expect(canaryDueNs(trace, released)).toBeGreaterThan(nowNs);
  expect(headerI32[releaseEnded]).toBe(1);
});

test("canaries never pass the room there is for them", () => {
  const trace: Trace = { ...build(composed(at(0), 0), 3, { periodNs: 1000 }), drainNs: 5000 };
  const { releaser, records } = rigFor(trace);
  while (releaser.releaseDue(1e9));
  expect(records.headerI32[recordsHeaderRow.index.canaryCount]).toBe(records.shape.canaryCapacity);
});

test("a stop ends the run at once, whatever is still to come", () => {
  const trace = build(composed(at(3600e9), 3600e9), 3, { periodNs: 0 });
  const { releaser, records } = rigFor(trace);
  Atomics.store(records.headerI32, recordsHeaderRow.index.stop, 1);
  releaser.run();
  expect(sumLanes(records, "submitted")).toBe(0);
});

test.each([
  [1, 2, null, true],
  [1, 2, 4000, false],
  [2, 2, null, false],
  [2, 4, 4000, true],
])(
  "with %i workers on %i cores and the echo peer at %s a releaser may spin: %s",
  (workerCount, coreCount, peerPort, may) => {
    expect(maySpin({ workerCount, coreCount, peerPort })).toBe(may);
  },
);
