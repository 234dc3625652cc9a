/**
 * The conformance table: every runtime executes every trace, and the records prove that it did the same work.
 *
 * A runtime joins by its line in the catalogue. The example of a user's runtime goes through it, too.
 */
import { strict as assert } from "node:assert";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ParameterValues } from "../workloads/parameter.ts";
import { build } from "../workloads/trace/build.ts";
import { ops } from "../workloads/trace/op.ts";
import { runtimes } from "./catalog.ts";
import { Clock, monotonicNs } from "./clock.ts";
import { casesFor } from "./conformance/conformance.ts";
import { atOnce, closed, drive, oneClass, type Row, stream } from "./conformance/drive.ts";
import { violations } from "./conformance/violations.ts";
import { Interpreter, type Scheduler } from "./interpreter.ts";
import { type Peer, startPeer } from "./peer-process.ts";
import { canaryRow, laneRow, taskRecordRow, taskStates, timerRow } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { allocateRecords } from "./records.ts";
import { shapeFor } from "./records-room.ts";
import { singleThread } from "./single-thread/single-thread.ts";
import { allocateTasks } from "./tasks.ts";
import { loadRuntimeModule } from "./user/module.ts";
import { workStealing } from "./work-stealing/work-stealing.ts";

/** Options that change how a runtime schedules: each has a row of its own. */
const variants: Readonly<Record<string, readonly ParameterValues[]>> = {
  "work-stealing": [
    { lifo: "off" },
    { steal: "off" },
    { queue: "global" },
    { timers: "wheel" },
    { budget: 1, eventInterval: 1, globalInterval: 1 },
  ],
};

const optionText = (options: ParameterValues): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${value}`)
    .join();

/** Tests run on the build; the example is run as it stands in the sources. */
const path = fileURLToPath(new URL("../../runtimes/examples/random-order.mjs", import.meta.url));
const example = await loadRuntimeModule(path, "random-order.mjs");
assert("runtime" in example, "wrong" in example ? example.wrong : "");

/** Every runtime of the catalogue that can run here, at a few worker counts where it takes several. */
const rows: readonly (Row & { readonly label: string })[] = [...runtimes, example.runtime]
  .filter((runtime) => runtime.availability().available)
  .flatMap((runtime) => [
    ...(runtime.workers === "one" ? [1] : [1, 2, 4]).map((workerCount) => ({
      runtime,
      workerCount,
      label: `${runtime.name} with ${workerCount} workers`,
    })),
    ...(variants[runtime.name] ?? []).map((options) => ({
      runtime,
      workerCount: 2,
      options,
      label: `${runtime.name}:${optionText(options)} with 2 workers`,
    })),
  ]);

const ROW_F64 = taskRecordRow.strideBytes / 8;
const ROW_U32 = taskRecordRow.strideBytes / 4;
const ROW_U8 = taskRecordRow.strideBytes;
const CANARIES = { periodNs: 1e6 };

let peer: Peer;
beforeAll(async () => {
  peer = await startPeer();
});
afterAll(() => peer.stop());

const label = (row: Row & { readonly label: string }): [string, Row] => [row.label, row];

describe.each(rows.map(label))("%s", (_, row) => {
  const cases = casesFor(row).filter(({ virtual }) => virtual);
  test.each(cases.map(({ title, check }) => [title, check] as const))("%s", async (__, check) => {
    expect(await check(row, peer)).toEqual([]);
  });
});

const live = rows.filter(({ runtime }) => runtime.time === "live");

describe.each(live.map(label))("%s, live", (_, row) => {
  const cases = casesFor(row).filter(({ virtual }) => !virtual);
  test.each(cases.map(({ title, check }) => [title, check] as const))("%s", async (__, check) => {
    expect(await check(row, peer)).toEqual([]);
  });
});

test("work-stealing refuses fewer connections than workers", async () => {
  const trace = build(
    oneClass([stream(atOnce(1), [{ op: "echo", bytes: 1, replyDelayNs: 0 }])], 0, 2),
    1,
    CANARIES,
  );
  await expect(drive({ runtime: workStealing, workerCount: 3 }, trace, peer.port)).rejects.toThrow(
    "2 connections for 3 workers",
  );
});

test("the table sees a lost task, a repeated one, a wrong checksum, a lost op, a lost canary and disorder", async () => {
  const trace = build(oneClass([stream(closed(4, 40, 0), [{ op: "sleep", ns: 1e5 }])], 10e6), 1, CANARIES);
  const { records } = await drive({ runtime: singleThread, workerCount: 1 }, trace);
  expect(violations(trace, records)).toEqual([]);
  const sleeps = laneRow.index.opCount + ops.sleep.code;
  const damages: [Uint8Array | Uint32Array | Float64Array, number, number, string][] = [
    [records.taskU8, 7 * ROW_U8 + taskRecordRow.index.state, taskStates.started, "task 7 has state 2"],
    [records.taskU8, 7 * ROW_U8 + taskRecordRow.index.starts, 2, "task 7 was started 2 times"],
    [records.taskU32, 7 * ROW_U32 + taskRecordRow.index.checksum, 1, "task 7 has checksum 1"],
    [records.taskF64, 7 * ROW_F64 + taskRecordRow.index.firstPollNs, 0, "task 7: submitted"],
    [records.taskF64, 7 * ROW_F64 + taskRecordRow.index.submittedNs, 0, "task 7 was submitted too early"],
    [records.laneU32, laneRow.index.done, 41, "41 of 40 tasks done"],
    [records.laneU32, laneRow.index.canariesRun, 9, "canaries are missing or ran twice"],
    [records.laneU32, laneRow.index.localsRun, 9, "local canaries are missing or ran twice"],
    [records.laneU32, laneRow.index.timersRun, 9, "timer canaries are missing or ran twice"],
    [records.timerF64, timerRow.index.runNs, 0, "timer canary 0: due"],
    [records.canaryF64, canaryRow.index.localRunNs, 0, "canary 0: due"],
    [records.laneU32, sleeps, 39, "39 of 40 ops sleep"],
    [records.laneF64, laneRow.index.shortestNs + ops.sleep.code, -2e6, "a sleep was 2000000 ns short"],
  ];
  for (const [view, at, wrong, message] of damages) {
    const right = view[at] as number;
    view[at] = wrong;
    expect(violations(trace, records).join("\n")).toContain(message);
    view[at] = right;
  }
});

test("a scheduler that polls a task twice is seen in starts and in the count of tasks done", () => {
  const trace = build(oneClass([stream(atOnce(10), [{ op: "cpu", units: 5 }])]), 1, { periodNs: 0 });
  const records = allocateRecords(shapeFor(trace, 1));
  const none = (): void => assert.fail("these tasks never suspend");
  const scheduler: Scheduler = {
    ready: none,
    readyBeside: none,
    readyLast: none,
    proceeds: () => true,
    sleepUntil: none,
    releaseAt: none,
    echo: none,
  };
  const recorder = new Recorder(records, 0);
  const interpreter = new Interpreter(
    trace,
    allocateTasks(trace),
    recorder,
    new Clock(monotonicNs()),
    scheduler,
  );
  for (let task = 0; task < 10; task++) recorder.submitted(task, 0);
  for (let task = 0; task < 10; task++) interpreter.poll(task);
  expect(violations(trace, records)).toEqual([]);
  interpreter.poll(4);
  expect(violations(trace, records)).toContain("task 4 was started 2 times");
  expect(violations(trace, records)).toContain("11 of 10 tasks done");
});

describe.each([2, 3, 4])("work-stealing under stress with %i workers", (workerCount) => {
  test.each([
    { name: "injected", release: atOnce(300_000) },
    { name: "chained", release: closed(64, 300_000, 0) },
    { name: "chained, fewer chains than workers", release: closed(1, 100_000, 0) },
  ])("loses and repeats none of many empty tasks: $name", async ({ release }) => {
    const trace = build(oneClass([stream(release, [])]), 3, CANARIES);
    const { records } = await drive({ runtime: workStealing, workerCount }, trace);
    expect(violations(trace, records)).toEqual([]);
  });
});

test("200 starts and stops in one process, none hangs", async () => {
  const trace = build(oneClass([stream(closed(3, 30, 0), [{ op: "yield" }])]), 5, CANARIES);
  for (let cycle = 0; cycle < 200; cycle++) {
    const { records } = await drive({ runtime: workStealing, workerCount: 2 }, trace);
    expect(violations(trace, records)).toEqual([]);
  }
  // What hangs is found by `drive`; this is for a machine that has little time for us.
}, 900_000);
