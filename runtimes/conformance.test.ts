/**
 * The conformance table: every runtime executes every trace, and the records prove that it did the same work.
 *
 * A runtime joins by its line in the catalogue.
 */
import { strict as assert } from "node:assert";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../workloads/trace/build.ts";
import { strideIn } from "../workloads/trace/layout.ts";
import { OP_CODE_LIMIT, opNames, ops } from "../workloads/trace/op.ts";
import { referenceChecksums } from "../workloads/trace/reference.ts";
import {
  NO_DUE,
  NONE,
  OP_CODE,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_AFTER,
  TASK_DUE,
  TASK_F64,
  TASK_PARENT,
  TASK_PROGRAM,
  TASK_THINK,
  TASK_U32,
  type Trace,
} from "../workloads/trace/trace.ts";
import type { Composition, Distribution, OpSpec, Release, Stream } from "../workloads/workload.ts";
import { runtimes } from "./catalog.ts";
import { clockSince, monotonicNs } from "./clock.ts";
import { Interpreter, type Scheduler } from "./interpreter.ts";
import { type Peer, startPeer } from "./peer-process.ts";
import {
  allocateRecords,
  canaryRow,
  laneRow,
  opsPerformed,
  type Records,
  recordsHeaderRow,
  shapeFor,
  stretchKinds,
  stretchRow,
  sumLanes,
  taskRecordRow,
  taskStates,
} from "./record.ts";
import { Recorder } from "./recorder.ts";
import type { Runtime, RuntimeStats, StartedRuntime } from "./runtime.ts";
import { singleThread } from "./single-thread/single-thread.ts";
import { allocateTasks } from "./tasks.ts";
import { warmUpTrace } from "./warm-up.ts";
import { workStealing } from "./work-stealing/work-stealing.ts";

interface Row {
  readonly runtime: Runtime;
  readonly workerCount: number;
}

/** Every runtime of the catalogue that can run here, at a few worker counts where it takes several. */
const rows: readonly Row[] = runtimes
  .filter((runtime) => runtime.availability().available)
  .flatMap((runtime) =>
    (runtime.workers === "one" ? [1] : [1, 2, 4]).map((workerCount) => ({ runtime, workerCount })),
  );

const HEADER = recordsHeaderRow.index;
const CANARIES = { periodNs: 1e6 };

let peer: Peer;
beforeAll(async () => {
  peer = await startPeer();
});
afterAll(() => peer.stop());

const oneClass = (streams: readonly Stream[], windowNs = 0, connectionCount = 0): Composition => ({
  classes: [{ name: "task" }],
  measured: "task",
  windowNs,
  connectionCount,
  streams,
});

const stream = (release: Release, specs: readonly OpSpec[]): Stream => ({
  release,
  variants: [{ share: 1, class: "task", ops: specs }],
});

const atOnce = (count: number): Release => ({ loop: "open", arrivals: { kind: "at-once", count } });

const closed = (sessionCount: number, taskCount: number, thinkNs: Distribution): Release => ({
  loop: "closed",
  sessionCount,
  taskCount,
  thinkNs,
});

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

interface Driven {
  readonly records: Records;
  readonly stats: RuntimeStats;
}

/** Starts `runtime` on fresh records and sets the epoch. */
async function startOn(
  { runtime, workerCount }: Row,
  trace: Trace,
  peerPort: number | null,
): Promise<{ started: StartedRuntime; records: Records }> {
  const records = allocateRecords(shapeFor(trace, workerCount));
  const started = await runtime.start({
    workerCount,
    coreCount: 2,
    options: {},
    trace,
    records,
    warmUp: warmUpTrace(trace.connectionCount > 0),
    peerPort,
    unitNs: 2.5,
  });
  records.headerF64[HEADER.epochNs] = monotonicNs();
  return { started, records };
}

async function drive(row: Row, trace: Trace): Promise<Driven> {
  const peerPort = trace.connectionCount > 0 ? peer.port : null;
  const { started, records } = await startOn(row, trace, peerPort);
  const executed = started.execute();
  if (row.runtime.time === "virtual") return { records, stats: await executed };
  let isOver = false;
  let failure: unknown = null;
  const end = executed.catch((error: unknown) => {
    failure = error;
    isOver = true;
    return {};
  });
  const cutOffNs = monotonicNs() + trace.windowNs + trace.drainNs;
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    const isDone = sumLanes(records, "done") >= trace.taskCount;
    if (isDone) Atomics.store(records.headerI32, HEADER.tasksEnded, 1);
    const isReleased = Atomics.load(records.headerI32, HEADER.releaseEnded) === 1;
    const areCanariesRun =
      sumLanes(records, "canariesRun") >= (records.headerI32[HEADER.canaryCount] as number);
    isOver ||= (isDone && isReleased && areCanariesRun) || monotonicNs() > cutOffNs;
  }
  Atomics.store(records.headerI32, HEADER.stop, 1);
  started.stop();
  const stats = await end;
  if (failure !== null) throw failure;
  return { records, stats };
}

const ROW_F64 = taskRecordRow.strideBytes / 8;
const ROW_U32 = taskRecordRow.strideBytes / 4;
const ROW_U8 = taskRecordRow.strideBytes;

type TimeField = "submittedNs" | "firstPollNs" | "finishNs";

const timeOf = (records: Records, task: number, field: TimeField): number =>
  records.taskF64[task * ROW_F64 + taskRecordRow.index[field]] as number;

/** Everything wrong with the records, as sentences; a handful of each kind. */
function violations(trace: Trace, records: Records): string[] {
  const found: string[] = [];
  const checksums = referenceChecksums(trace);
  for (let task = 0; task < trace.taskCount && found.length < 5; task++) {
    const state = records.taskU8[task * ROW_U8 + taskRecordRow.index.state];
    const starts = records.taskU8[task * ROW_U8 + taskRecordRow.index.starts];
    const checksum = records.taskU32[task * ROW_U32 + taskRecordRow.index.checksum];
    if (state !== taskStates.done) found.push(`task ${task} has state ${state}`);
    if (starts !== 1) found.push(`task ${task} was started ${starts} times`);
    if (checksum !== checksums[task])
      found.push(`task ${task} has checksum ${checksum}, not ${checksums[task]}`);
    found.push(...disorder(trace, records, task));
  }
  for (const lane of ["submitted", "started", "done"] as const) {
    const sum = sumLanes(records, lane);
    if (sum !== trace.taskCount) found.push(`${sum} of ${trace.taskCount} tasks ${lane}`);
  }
  return [...found, ...wrongOps(trace, records), ...wrongCanaries(trace, records)];
}

function disorder(trace: Trace, records: Records, task: number): string[] {
  const submitted = timeOf(records, task, "submittedNs");
  const firstPoll = timeOf(records, task, "firstPollNs");
  const finish = timeOf(records, task, "finishNs");
  const found: string[] = [];
  if (!(submitted <= firstPoll && firstPoll <= finish)) {
    found.push(`task ${task}: submitted ${submitted}, first poll ${firstPoll}, finish ${finish}`);
  }
  const dueNs = trace.taskF64[task * TASK_F64 + TASK_DUE] as number;
  const thinkNs = trace.taskF64[task * TASK_F64 + TASK_THINK] as number;
  const after = trace.taskU32[task * TASK_U32 + TASK_AFTER] as number;
  const parent = trace.taskU32[task * TASK_U32 + TASK_PARENT] as number;
  if (dueNs !== NO_DUE && submitted < dueNs) found.push(`task ${task} was submitted before it was due`);
  if (after !== NONE) {
    const beforeNs = timeOf(records, after, "finishNs");
    if (firstPoll < beforeNs) found.push(`task ${task} began before task ${after} had ended`);
    if (dueNs === NO_DUE && submitted < beforeNs + thinkNs)
      found.push(`task ${task} was submitted too early`);
  }
  if (parent !== NONE && submitted < timeOf(records, parent, "firstPollNs")) {
    found.push(`task ${task} was submitted before its parent began`);
  }
  return found;
}

function wrongOps(trace: Trace, records: Records): string[] {
  const planned = new Array<number>(OP_CODE_LIMIT).fill(0);
  for (let task = 0; task < trace.taskCount; task++) {
    const program = trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number;
    const first = trace.programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    const count = trace.programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] as number;
    for (let op = first; op < first + count; op++) {
      const code = trace.opU32[op * OP_U32 + OP_CODE] as number;
      planned[code] = (planned[code] as number) + 1;
    }
  }
  const { count, shortestNs } = opsPerformed(records);
  return opNames.flatMap((name) => {
    const { code, shortfallNs } = ops[name];
    const found: string[] = [];
    if (count[code] !== planned[code]) found.push(`${count[code]} of ${planned[code]} ops ${name}`);
    const shortest = shortestNs[code] as number;
    if (shortfallNs !== null && shortest < -shortfallNs) found.push(`a ${name} was ${-shortest} ns short`);
    return found;
  });
}

function wrongCanaries(trace: Trace, records: Records): string[] {
  const count = records.headerI32[HEADER.canaryCount] as number;
  const found: string[] = [];
  if (trace.windowNs > 0 && count !== Math.floor(trace.windowNs / trace.canaryPeriodNs)) {
    found.push(`${count} canaries in a window of ${trace.windowNs} ns`);
  }
  if (sumLanes(records, "canariesRun") !== count) found.push("canaries are missing or ran twice");
  const stride = canaryRow.strideBytes / 8;
  for (let canary = 0; canary < count && found.length < 5; canary++) {
    const [due, submitted, run] = [
      records.canaryF64[canary * stride + canaryRow.index.dueNs] as number,
      records.canaryF64[canary * stride + canaryRow.index.submittedNs] as number,
      records.canaryF64[canary * stride + canaryRow.index.runNs] as number,
    ];
    if (!(due <= submitted && submitted <= run)) {
      found.push(`canary ${canary}: due ${due}, submitted ${submitted}, run ${run}`);
    }
  }
  return found;
}

describe.each(rows)("$runtime.name with $workerCount workers", ({ runtime, workerCount }) => {
  test.each(Object.keys(compositions))(
    "does every task exactly once and the whole of it: %s",
    async (name) => {
      const composition = compositions[name];
      assert(composition !== undefined);
      const trace = build(composition, 11, CANARIES);
      const before = await peer.report();
      const { records, stats } = await drive({ runtime, workerCount }, trace);
      expect(violations(trace, records)).toEqual([]);
      for (const value of Object.values(stats)) expect(value).toBeGreaterThanOrEqual(0);
      if (trace.connectionCount === 0 || runtime.time === "virtual") return;
      const after = await peer.report();
      expect(after.connectionCount - before.connectionCount).toBe(trace.connectionCount);
      expect(after.requestCount - before.requestCount).toBe(opsPerformed(records).count[ops.echo.code]);
      expect(after.bytesOut - before.bytesOut).toBe(after.bytesIn - before.bytesIn);
    },
  );
});

/** Runtimes whose workers record when they have nothing to poll. */
const resting = rows.filter(({ runtime }) => runtime === singleThread);

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
      const idle = idleOf(records, worker);
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
    .filter((task) => records.taskU16[task * (ROW_U8 / 2) + taskRecordRow.index.worker] === worker)
    .map((task) => ({
      startNs: timeOf(records, task, "firstPollNs"),
      endNs: timeOf(records, task, "finishNs"),
    }))
    .sort((a, b) => a.startNs - b.startNs);
}

/** The idle stretches of `worker` that got a row. */
function idleOf({ laneU32, stretchF64, stretchU16 }: Records, worker: number): Stretch[] {
  const words = laneU32.subarray(worker * strideIn(laneRow, "u32"));
  const first = words[laneRow.index.stretchFirst] as number;
  return Array.from({ length: words[laneRow.index.stretchCount] as number }, (_, index) => first + index)
    .filter((row) => {
      const kind = stretchU16[row * strideIn(stretchRow, "u16") + stretchRow.index.kind];
      return kind === stretchKinds.idle;
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
      build(oneClass([stream(atOnce(10), [])]), 1, CANARIES),
    );
    expect(sumLanes(records, "gcWatched")).toBe(1);
  },
);

const live = rows.filter(({ runtime }) => runtime.time === "live");

describe.each(live)("$runtime.name with $workerCount workers, live", ({ runtime, workerCount }) => {
  test("a trial that is stopped in the middle ends, and nothing is done that is not", async () => {
    const trace = build(oneClass([stream(atOnce(50), [{ op: "sleep", ns: 3600e9 }])]), 1, CANARIES);
    const { started, records } = await startOn({ runtime, workerCount }, trace, null);
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
    const start = startOn({ runtime, workerCount }, trace, gone.port);
    await expect(start).rejects.toThrow(/connection/);
  });

  test("execute rejects when a connection dies in the middle of a trial", async () => {
    const own = await startPeer();
    const trace = build(oneClass([stream(atOnce(8), [echo(64, 3600e9)])], 0, 4), 1, CANARIES);
    const { started } = await startOn({ runtime, workerCount }, trace, own.port);
    const executed = started.execute();
    const failure = expect(executed).rejects.toThrow(/a connection to the echo peer (closed|broke)/);
    for (let received = 0; received < 8; received = (await own.report()).requestCount);
    own.stop();
    await failure;
  });
});

test("work-stealing refuses fewer connections than workers", async () => {
  const trace = build(oneClass([stream(atOnce(1), [echo(1, 0)])], 0, 2), 1, CANARIES);
  await expect(drive({ runtime: workStealing, workerCount: 3 }, trace)).rejects.toThrow(
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
    sleepUntil: none,
    releaseAt: none,
    echo: none,
  };
  const recorder = new Recorder(records, 0);
  const interpreter = new Interpreter(
    trace,
    allocateTasks(trace),
    recorder,
    clockSince(monotonicNs()),
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
