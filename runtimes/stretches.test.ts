/** What a runtime records of the times in which its workers polled nothing. */
import { describe, expect, test } from "vitest";
import { build } from "../workloads/trace/build.ts";
import { strideIn } from "../workloads/trace/layout.ts";
import { atOnce, closed, drive, oneClass, type Row, stream } from "./conformance/drive.ts";
import { timeOf } from "./conformance/violations.ts";
import { sumLanes } from "./lane-sums.ts";
import { native, nativeCurrentThread } from "./native/native.ts";
import { laneRow, stretchKinds, stretchRow, taskRecordRow } from "./record.ts";
import type { Records } from "./records.ts";
import { singleThread } from "./single-thread/single-thread.ts";
import { workStealing } from "./work-stealing/work-stealing.ts";

/** Runtimes whose workers record when they have nothing to poll. */
const resting: readonly Row[] = [
  { runtime: singleThread, workerCount: 1 },
  { runtime: workStealing, workerCount: 1 },
  { runtime: workStealing, workerCount: 2 },
  ...(native.availability().available
    ? [
        { runtime: native, workerCount: 1 },
        { runtime: native, workerCount: 2 },
        { runtime: nativeCurrentThread, workerCount: 1 },
      ]
    : []),
];

describe.each(resting)("$runtime.name with $workerCount workers", ({ runtime, workerCount }) => {
  test("is idle between the polls of a worker, and never within one", async () => {
    const dueNs = Array.from({ length: 8 }, (_, index) => index * 15e6);
    const blocks = stream({ loop: "open", arrivals: { kind: "times", atNs: dueNs } }, [
      { op: "block", ns: 5e6 },
    ]);
    const trace = build(oneClass([blocks], 130e6), 5, { periodNs: 0 });
    const { records } = await drive({ runtime, workerCount }, trace);
    for (let worker = 0; worker < workerCount; worker++) {
      const polls = pollsOf(records, worker);
      const idle = stretchesOf(records, worker, stretchKinds.idle);
      expect(idle.length).toBeGreaterThan(0);
      expect(idle.filter((rest) => polls.some((poll) => overlapNs(rest, poll) > 0))).toEqual([]);
      // A machine under load releases blocks together; what is left of the gaps between them is idle all the same.
      polls.slice(1).forEach((next, index) => {
        const gap = { startNs: polls[index]?.endNs ?? 0, endNs: next.startNs };
        const lengthNs = gap.endNs - gap.startNs;
        const idleNs = idle.reduce((sum, rest) => sum + Math.max(0, overlapNs(rest, gap)), 0);
        if (lengthNs >= 1e6) expect(idleNs).toBeGreaterThan(lengthNs / 2);
      });
    }
  });
});

interface Stretch {
  readonly startNs: number;
  readonly endNs: number;
}

const overlapNs = (one: Stretch, other: Stretch): number =>
  Math.min(one.endNs, other.endNs) - Math.max(one.startNs, other.startNs);

/** From first poll to finish of the tasks of `worker`, which never suspend, in order. */
function pollsOf(records: Records, worker: number): Stretch[] {
  return Array.from({ length: records.shape.taskCount }, (_, task) => task)
    .filter(
      (task) =>
        records.taskU16[task * strideIn(taskRecordRow, "u16") + taskRecordRow.index.worker] === worker,
    )
    .map((task) => ({
      startNs: timeOf(records, task, "firstPollNs"),
      endNs: timeOf(records, task, "finishNs"),
    }))
    .sort((a, b) => a.startNs - b.startNs);
}

/** The stretches of `worker` of one kind, as far as they have rows. */
function stretchesOf(
  { laneU32, stretchF64, stretchU16 }: Records,
  worker: number,
  wanted: number,
): Stretch[] {
  const words = laneU32.subarray(worker * strideIn(laneRow, "u32"));
  const first = words[laneRow.index.stretchFirst] as number;
  return Array.from({ length: words[laneRow.index.stretchCount] as number }, (_, index) => first + index)
    .filter((row) => {
      const kind = stretchU16[row * strideIn(stretchRow, "u16") + stretchRow.index.kind];
      return kind === wanted;
    })
    .map((row) => {
      const times = stretchF64.subarray(row * strideIn(stretchRow, "f64"));
      return {
        startNs: times[stretchRow.index.startNs] as number,
        endNs: times[stretchRow.index.endNs] as number,
      };
    });
}

test.each([singleThread, workStealing])(
  "every worker of $name was watched for collections",
  async (runtime) => {
    const { records } = await drive(
      { runtime, workerCount: 1 },
      build(oneClass([stream(atOnce(10), [])]), 1, { periodNs: 1e6 }),
    );
    expect(sumLanes(records, "gcWatched")).toBe(1);
  },
);

test("once its code is compiled a worker leaves no garbage, however many tasks it polls", async () => {
  const trace = build(oneClass([stream(closed(64, 3e6, 0), [])]), 1, { periodNs: 0 });
  const { records } = await drive({ runtime: workStealing, workerCount: 2 }, trace);
  const compiledNs = timeOf(records, 2e6, "finishNs");
  const collections = [0, 1].flatMap((worker) => stretchesOf(records, worker, stretchKinds.gc));
  // They were watched for, and there was room for them all.
  expect(sumLanes(records, "gcWatched")).toBe(2);
  expect(sumLanes(records, "stretchesLost")).toBe(0);
  // The last million tasks: 16 bytes a task would be 16 MB, and V8 collects every one or two of them.
  expect(collections.filter(({ startNs }) => startNs > compiledNs).length).toBeLessThanOrEqual(4);
});
