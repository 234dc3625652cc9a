/**
 * The conformance table: every runtime executes every trace, and the records prove that it did the same work.
 *
 * A runtime joins by its line in the catalogue.
 */
import { strict as assert } from "node:assert";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ParameterValues } from "../workloads/parameter.ts";
import { build } from "../workloads/trace/build.ts";
import { ops } from "../workloads/trace/op.ts";
import type { Composition, Distribution, OpSpec } from "../workloads/workload.ts";
import { runtimes } from "./catalog.ts";
import { Clock, monotonicNs } from "./clock.ts";
import { atOnce, closed, drive, oneClass, type Row, startOn, stream } from "./fixtures/drive.ts";
import { violations } from "./fixtures/violations.ts";
import { Interpreter, type Scheduler } from "./interpreter.ts";
import { type Peer, startPeer } from "./peer-process.ts";
import {
  allocateRecords,
  laneRow,
  opsPerformed,
  recordsHeaderRow,
  shapeFor,
  sumLanes,
  taskRecordRow,
  taskStates,
} from "./record.ts";
import { Recorder } from "./recorder.ts";
import { singleThread } from "./single-thread/single-thread.ts";
import { allocateTasks } from "./tasks.ts";
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

/** Every runtime of the catalogue that can run here, at a few worker counts where it takes several. */
const rows: readonly (Row & { readonly label: string })[] = runtimes
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

const HEADER = recordsHeaderRow.index;
const ROW_F64 = taskRecordRow.strideBytes / 8;
const ROW_U32 = taskRecordRow.strideBytes / 4;
const ROW_U8 = taskRecordRow.strideBytes;
const CANARIES = { periodNs: 1e6 };

let peer: Peer;
beforeAll(async () => {
  peer = await startPeer();
});
afterAll(() => peer.stop());

const echo = (bytes: Distribution, replyDelayNs: Distribution): OpSpec => ({
  op: "echo",
  bytes,
  replyDelayNs,
});

const nested: OpSpec = {
  op: "spawn",
  children: [
    { class: "task", ops: [{ op: "cpu", units: 200 }] },
    {
      class: "task",
      ops: [
        {
          op: "spawn",
          children: [
            { class: "task", ops: [{ op: "sleep", ns: 0.3e6 }] },
            { class: "task", ops: [{ op: "yield" }] },
          ],
        },
        { op: "join" },
        { op: "cpu", units: 50 },
      ],
    },
    { class: "task", ops: [] },
  ],
};

const compositions: Readonly<Record<string, Composition>> = {
  "empty tasks, all at once": oneClass([stream(atOnce(20_000), [])]),
  "cpu alone": oneClass([stream(atOnce(500), [{ op: "cpu", units: { kind: "exponential", mean: 2000 } }])]),
  "block alone": oneClass([stream(atOnce(20), [{ op: "block", ns: { kind: "uniform", min: 0, max: 2e6 } }])]),
  "sleep alone": oneClass([
    stream(atOnce(200), [{ op: "sleep", ns: { kind: "uniform", min: 0, max: 5e6 } }]),
  ]),
  "yield alone": oneClass([stream(atOnce(500), [{ op: "yield" }])]),
  "echo alone": oneClass([stream(atOnce(300), [echo({ kind: "uniform", min: 1, max: 3000 }, 0)])], 0, 8),
  "echo of 64 kB": oneClass([stream(atOnce(60), [echo(65_536, 0)])], 0, 5),
  "echo with a reply delay": oneClass([stream(atOnce(60), [echo(100, 2.5e6)])], 0, 4),
  "spawn without join": oneClass([stream(atOnce(100), [nested, { op: "cpu", units: 10 }])]),
  "spawn and join, nested": oneClass([
    stream(atOnce(200), [nested, { op: "join" }, { op: "cpu", units: 10 }]),
  ]),
  "a spawn of more children than a deque holds": oneClass([
    stream(atOnce(2), [
      {
        op: "spawn",
        children: Array.from({ length: 3000 }, () => ({ class: "task", ops: [{ op: "yield" }] })),
      },
      { op: "join" },
    ]),
  ]),
  "yields that outlast a turn": oneClass(
    [
      stream(
        atOnce(20),
        Array.from({ length: 100 }, () => ({ op: "yield" })),
      ),
      stream(atOnce(5), [echo(64, 0), { op: "yield" }, echo(64, 0)]),
    ],
    0,
    4,
  ),
  "every op in a row": oneClass(
    [
      stream(atOnce(60), [
        { op: "cpu", units: 100 },
        { op: "yield" },
        { op: "sleep", ns: 0.5e6 },
        echo(64, 0),
        { op: "block", ns: 0.1e6 },
        nested,
        { op: "join" },
        { op: "cpu", units: 100 },
      ]),
    ],
    0,
    4,
  ),
  "closed sessions": oneClass([stream(closed(32, 10_000, 0), [{ op: "cpu", units: 20 }])]),
  "closed sessions that think": oneClass([stream(closed(16, 200, { kind: "exponential", mean: 0.5e6 }), [])]),
  "open arrivals beside blocks": oneClass(
    [
      stream({ loop: "open", arrivals: { kind: "times", atNs: [0, 20e6] } }, [{ op: "block", ns: 10e6 }]),
      stream({ loop: "open", arrivals: { kind: "poisson", ratePerSecond: 5000 } }, [
        { op: "cpu", units: 500 },
      ]),
      stream({ loop: "open", arrivals: { kind: "bursts", ratePerSecond: 1000, size: 16 } }, [
        { op: "yield" },
      ]),
    ],
    100e6,
  ),
  "sessions of tasks that are due and follow each other": oneClass(
    [
      stream({ loop: "open", arrivals: { kind: "poisson", ratePerSecond: 5000 }, sessionCount: 7 }, [
        { op: "sleep", ns: { kind: "exponential", mean: 1e6 } },
      ]),
      stream({ loop: "open", arrivals: { kind: "at-once", count: 300 }, sessionCount: 5 }, []),
    ],
    50e6,
  ),
  "nothing but canaries": oneClass(
    [stream({ loop: "open", arrivals: { kind: "times", atNs: [] } }, [])],
    30e6,
  ),
};

describe.each(rows.map((row) => [row.label, row] as const))("%s", (_, row) => {
  test.each(Object.keys(compositions))(
    "does every task exactly once and the whole of it: %s",
    async (name) => {
      const composition = compositions[name];
      assert(composition !== undefined);
      const trace = build(composition, 11, CANARIES);
      const before = await peer.report();
      const { records, stats } = await drive(row, trace, trace.connectionCount > 0 ? peer.port : null);
      expect(violations(trace, records)).toEqual([]);
      for (const value of Object.values(stats)) expect(value).toBeGreaterThanOrEqual(0);
      if (trace.connectionCount === 0 || row.runtime.time === "virtual") return;
      const after = await peer.report();
      expect(after.connectionCount - before.connectionCount).toBe(trace.connectionCount);
      expect(after.requestCount - before.requestCount).toBe(opsPerformed(records).count[ops.echo.code]);
      expect(after.bytesOut - before.bytesOut).toBe(after.bytesIn - before.bytesIn);
    },
  );
});

const live = rows.filter(({ runtime }) => runtime.time === "live");

describe.each(live.map((row) => [row.label, row] as const))("%s, live", (_, row) => {
  test("a trial that is stopped in the middle ends, and nothing is done that is not", async () => {
    const trace = build(oneClass([stream(atOnce(50), [{ op: "sleep", ns: 3600e9 }])]), 1, CANARIES);
    const { started, records } = await startOn(row, trace, null);
    const executed = started.execute();
    while (sumLanes(records, "started") < 50) await new Promise((resolve) => setImmediate(resolve));
    Atomics.store(records.headerI32, HEADER.stop, 1);
    started.stop();
    await executed;
    expect(sumLanes(records, "done")).toBe(0);
  });

  test("start rejects where nobody listens", async () => {
    const gone = await startPeer();
    gone.stop();
    await expect(gone.report()).rejects.toThrow("the echo peer ended");
    const trace = build(oneClass([stream(atOnce(1), [echo(1, 0)])], 0, 4), 1, CANARIES);
    const start = startOn(row, trace, gone.port);
    await expect(start).rejects.toThrow(/connection/);
  });

  test("execute rejects when a connection dies in the middle of a trial", async () => {
    const own = await startPeer();
    const trace = build(oneClass([stream(atOnce(8), [echo(64, 3600e9)])], 0, 4), 1, CANARIES);
    const { started } = await startOn(row, trace, own.port);
    const executed = started.execute();
    const failure = expect(executed).rejects.toThrow(/a connection to the echo peer (closed|broke)/);
    for (let received = 0; received < 8; received = (await own.report()).requestCount);
    own.stop();
    await failure;
  });
});

test("work-stealing refuses fewer connections than workers", async () => {
  const trace = build(oneClass([stream(atOnce(1), [echo(1, 0)])], 0, 2), 1, CANARIES);
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
}, 180_000);
