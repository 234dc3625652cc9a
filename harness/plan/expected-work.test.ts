import { expect, test } from "vitest";
import type { Composition, OpSpec } from "../../workloads/workload.ts";
import { expectedWork, oversize } from "./expected-work.ts";

const compositionOf = (taskCount: number, ops: readonly OpSpec[]): Composition => ({
  classes: [{ name: "task" }],
  measured: "task",
  windowNs: 0,
  connectionCount: 0,
  streams: [
    {
      release: { loop: "open", arrivals: { kind: "at-once", count: taskCount } },
      variants: [{ share: 1, class: "task", ops }],
    },
  ],
});

const yields = (count: number): OpSpec[] => Array.from({ length: count }, () => ({ op: "yield" }));

test("children count as tasks, and each task is polled once more than it waits", () => {
  const child = { class: "task", ops: yields(2) };
  const ops: OpSpec[] = [{ op: "spawn", children: [child, child] }, { op: "join" }, { op: "block", ns: 1e6 }];
  expect(expectedWork(compositionOf(10, ops))).toEqual({ taskCount: 30, pollCount: 80, busyNs: 10e6 });
});

test("as many polls as the indices of the queues can count are planned, and no more", () => {
  expect(oversize(compositionOf(1e6, yields(99)))).toBeNull();
  expect(oversize(compositionOf(1e6, yields(100)))).toContain(
    "ready about 101000000 times a trial; at most 100000000",
  );
});
