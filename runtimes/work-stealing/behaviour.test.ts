/** What each option of the scheduler does to who polls what, and when. */
import { describe, expect, test } from "vitest";
import type { ParameterValues } from "../../workloads/parameter.ts";
import { build } from "../../workloads/trace/build.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import type { OpSpec, Stream } from "../../workloads/workload.ts";
import { atOnce, drive, oneClass, stream } from "../conformance/drive.ts";
import { timeOf, violations } from "../conformance/violations.ts";
import { taskRecordRow } from "../record.ts";
import type { Records } from "../records.ts";
import type { RuntimeStats } from "../runtime.ts";
import { partitionOf } from "./inlet.ts";
import { policyMisfit } from "./policy.ts";
import { workStealing } from "./work-stealing.ts";

const traceOf = (streams: readonly Stream[]): Trace => build(oneClass(streams), 1, { periodNs: 0 });

interface Outcome {
  readonly records: Records;
  readonly stats: RuntimeStats;
}

async function ran(trace: Trace, workerCount: number, options: ParameterValues): Promise<Outcome> {
  const outcome = await drive({ runtime: workStealing, workerCount, options }, trace);
  expect(violations(trace, outcome.records)).toEqual([]);
  return outcome;
}

const workerOf = (records: Records, task: number): number =>
  records.taskU16[(task * taskRecordRow.strideBytes) / 2 + taskRecordRow.index.worker] as number;

const spawnOf = (count: number, specs: readonly OpSpec[] = []): OpSpec => ({
  op: "spawn",
  children: Array.from({ length: count }, () => ({ class: "task", ops: specs })),
});

/** Task 0 spawns 300 tasks and then blocks its worker: which of the 300 are polled only after the block? */
async function lateChildren(options: ParameterValues): Promise<{ late: number[]; records: Records }> {
  const trace = traceOf([stream(atOnce(1), [spawnOf(300), { op: "block", ns: 300e6 }])]);
  const { records } = await ran(trace, 2, options);
  const blockEndNs = timeOf(records, 0, "finishNs");
  const children = Array.from({ length: 300 }, (_, child) => child + 1);
  return { late: children.filter((child) => timeOf(records, child, "firstPollNs") >= blockEndNs), records };
}

/** Of three trials the least: a machine that stands still for as long as the block makes more of them late, never fewer. */
async function fewestLate(options: ParameterValues): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3 && fewest > 0; attempt++) {
    fewest = Math.min(fewest, (await lateChildren(options)).late.length);
  }
  return fewest;
}

describe("300 tasks behind a worker that is blocked", () => {
  test("with the LIFO slot exactly one is late: the last, which nobody else can take", async () => {
    const { late, records } = await lateChildren({});
    expect(late).toContain(300);
    expect(await fewestLate({})).toBe(1);
    expect(workerOf(records, 300)).toBe(workerOf(records, 0));
  });

  test("without the slot none is late", async () => {
    expect(await fewestLate({ lifo: "off" })).toBe(0);
  });

  test("in one global queue none is late", async () => {
    expect(await fewestLate({ queue: "global" })).toBe(0);
  });

  test("without stealing all are late", async () => {
    expect((await lateChildren({ steal: "off" })).late).toHaveLength(300);
  });
});

test("without stealing each task is polled by the worker its id belongs to, and by no other", async () => {
  const trace = traceOf([stream(atOnce(1000), [])]);
  const { records } = await ran(trace, 3, { steal: "off" });
  const wrong = Array.from({ length: 1000 }, (_, task) => task).filter(
    (task) => workerOf(records, task) !== partitionOf(task, 3),
  );
  expect(wrong).toEqual([]);
});

test("partitions are of about the same size, whatever the stride of the ids", () => {
  for (const stride of [1, 2, 3, 4, 10]) {
    const sizes = [0, 0, 0, 0];
    for (let id = 0; id < 4000 * stride; id += stride) {
      const partition = partitionOf(id, 4);
      sizes[partition] = (sizes[partition] as number) + 1;
    }
    for (const size of sizes) expect(Math.abs(size - 1000)).toBeLessThan(150);
  }
});

test("one worker with one global queue polls in the order of submission", async () => {
  const trace = traceOf([stream(atOnce(50), [spawnOf(3)])]);
  const { records } = await ran(trace, 1, { queue: "global" });
  const polls = Array.from({ length: trace.taskCount }, (_, task) => ({
    submittedNs: timeOf(records, task, "submittedNs"),
    firstPollNs: timeOf(records, task, "firstPollNs"),
    task,
  }));
  const bySubmission = polls.toSorted((a, b) => a.submittedNs - b.submittedNs || a.task - b.task);
  const byPoll = polls.toSorted((a, b) => a.firstPollNs - b.firstPollNs);
  expect(byPoll.map(({ firstPollNs }) => firstPollNs)).toEqual(
    bySubmission.map(({ firstPollNs }) => firstPollNs),
  );
});

test("a task that joins ended children over and over is made to yield each time its budget is spent", async () => {
  const joins = Array.from({ length: 301 }, (): OpSpec => ({ op: "join" }));
  const trace = traceOf([stream(atOnce(1), [spawnOf(1), ...joins])]);
  const { stats } = await ran(trace, 1, { budget: 10 });
  // The first join waits. Of the others each eleventh finds the budget spent.
  expect(stats.forcedYields).toBe(27);
});

test("a chain runs through the slot at most three times in a row", async () => {
  const trace = traceOf([stream({ loop: "closed", sessionCount: 1, taskCount: 401, thinkNs: 0 }, [])]);
  const withSlot = await ran(trace, 1, {});
  const without = await ran(trace, 1, { lifo: "off" });
  expect(withSlot.stats.lifoPolls).toBe(300);
  expect(without.stats.lifoPolls).toBe(0);
});

test("on the wheel sleeps end on whole milliseconds after they were due; exact ones at once", async () => {
  const trace = traceOf([stream(atOnce(20), [{ op: "sleep", ns: 0.3e6 }])]);
  for (const [timers, leastMs] of [
    ["exact", 0.3],
    ["wheel", 0.3],
  ] as const) {
    const { records } = await ran(trace, 1, { timers });
    for (let task = 0; task < 20; task++) {
      const firstPollNs = timeOf(records, task, "firstPollNs");
      const finishNs = timeOf(records, task, "finishNs");
      expect(finishNs - firstPollNs).toBeGreaterThanOrEqual(leastMs * 1e6);
      if (timers === "wheel")
        expect(Math.floor(finishNs / 1e6)).toBeGreaterThan(Math.floor(firstPollNs / 1e6));
    }
  }
});

test("stealing cannot be off where there is one queue", () => {
  expect(policyMisfit({ queue: "global", steal: "off" })).toContain("Give one of the two");
  expect(policyMisfit({ queue: "global", steal: "on" })).toBeNull();
});
