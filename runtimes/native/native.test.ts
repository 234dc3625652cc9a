import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type ParameterValues, parseParameters } from "../../workloads/parameter.ts";
import { build } from "../../workloads/trace/build.ts";
import { opNames, ops } from "../../workloads/trace/op.ts";
import { referenceChecksums } from "../../workloads/trace/reference.ts";
import {
  OP_CODE,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_PROGRAM,
  TASK_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";
import type { Composition, OpSpec, TaskSpec } from "../../workloads/workload.ts";
import { monotonicNs } from "../clock.ts";
import { replyFrame, requestFrame } from "../echo-frame.ts";
import { opsPerformed, sumLanes } from "../lane-sums.ts";
import { canaryRow, recordsHeaderRow, taskRecordRow, taskStates } from "../record.ts";
import { allocateRecords, type Records } from "../records.ts";
import { shapeFor } from "../records-room.ts";
import type { Runtime, RuntimeStats } from "../runtime.ts";
import { everyOpTrace } from "./every-op.ts";
import { packageRoot } from "./generate.ts";
import { availabilityOf, native, nativeCurrentThread } from "./native.ts";

const isBuilt = native.availability().available;

test("availability tells the Tokio that Cargo.lock names", ({ skip }) => {
  skip(!isBuilt, "the addon is not built");
  const lock = readFileSync(new URL("runtimes/native/Cargo.lock", packageRoot), "utf8");
  const version = /name = "tokio"\nversion = "([^"]+)"/.exec(lock)?.[1];
  expect(version).toMatch(/^1\.\d+\.\d+$/);
  expect(native.availability()).toEqual({ available: true, version: `tokio ${version}` });
});

test("a missing addon is unavailable, with what to do about it", () => {
  const missing = availabilityOf("/nowhere/isoload.node");
  assert(!missing.available);
  expect(missing.reason).toMatch(
    /\/nowhere\/isoload\.node has not been built.*rustup\.rs.*node .*build-addon\.mjs/,
  );
});

test("a file that is no addon is unavailable, with the loader's words", () => {
  const damaged = availabilityOf(temporaryFile("damaged.node", "no addon"));
  assert(!damaged.available);
  expect(damaged.reason).toMatch(/does not load: .+rustup\.rs/);
});

test("an addon built for other rows is unavailable", () => {
  const stale = temporaryFile("stale.cjs", 'exports.layoutFingerprint = () => "of last week"');
  const availability = availabilityOf(stale);
  assert(!availability.available);
  expect(availability.reason).toMatch(/built for other records.*node .*build-addon\.mjs/);
});

test("the options are those of Tokio's builder, by flavour, with Tokio's defaults", () => {
  const defaults = { eventInterval: 61, blockingThreads: 512, diagnostic: "off" };
  expect(parseParameters(nativeCurrentThread.options, {}, "")).toEqual({ values: defaults });
  expect(parseParameters(native.options, {}, "")).toEqual({ values: { lifo: "on", ...defaults } });
  expect(
    parseParameters(nativeCurrentThread.options, { lifo: "off" }, "native-current-thread"),
  ).toMatchObject({
    problems: [{ message: expect.stringMatching(/no parameter is called "lifo"/) }],
  });
  expect(parseParameters(native.options, { globalInterval: 0, eventInterval: 0 }, "native")).toMatchObject({
    problems: [{ where: "native.globalInterval" }, { where: "native.eventInterval" }],
  });
});

test("in CI with cargo the addon is built", ({ skip }) => {
  skip(process.env.CI !== "true" || !hasCargo() || process.env.ISOLOAD_SKIP_NATIVE === "1");
  expect(native.availability()).toMatchObject({ available: true });
});

describe.skipIf(!isBuilt)("trials on the addon", () => {
  let peer: EchoPeer;

  beforeAll(async () => {
    assert(isMainThread, "the addon is loaded in a main thread only");
    peer = await startEchoPeer();
  });

  afterAll(() => peer.close());

  const cases = [
    { runtime: native, workerCount: 1 },
    { runtime: native, workerCount: 2 },
    { runtime: native, workerCount: 5 },
    { runtime: nativeCurrentThread, workerCount: 1 },
  ];
  const compositions: Readonly<Record<string, Composition>> = {
    "empty chains": closed({ tasks: 20_000, sessions: 64, ops: [] }),
    "empty tasks at once": {
      ...closed({ tasks: 1, sessions: 1, ops: [] }),
      streams: [
        {
          release: { loop: "open", arrivals: { kind: "at-once", count: 20_000 } },
          variants: [{ share: 1, class: "task", ops: [] }],
        },
      ],
    },
    cpu: closed({
      tasks: 200,
      sessions: 8,
      ops: [{ op: "cpu", units: { kind: "exponential", mean: 5000 } }],
    }),
    block: closed({ tasks: 30, sessions: 6, ops: [{ op: "block", ns: 300e3 }] }),
    sleep: closed({
      tasks: 60,
      sessions: 20,
      ops: [
        { op: "sleep", ns: 1.5e6 },
        { op: "sleep", ns: 0 },
      ],
    }),
    yield: closed({
      tasks: 300,
      sessions: 9,
      ops: [{ op: "yield" }, { op: "yield" }, { op: "cpu", units: 9 }],
    }),
    "spawn and join": closed({ tasks: 100, sessions: 5, ops: family(3) }),
    "spawn without join": closed({ tasks: 100, sessions: 5, ops: family(2).slice(0, 1) }),
  };

  describe.each(cases)("$runtime.name with $workerCount workers", ({ runtime, workerCount }) => {
    test.each(Object.entries(compositions))("does %s exactly once", async (_, composition) => {
      const trace = build(composition, 11, { periodNs: 1e6 });
      const { records, stats } = await runTrial(runtime, trace, { workerCount, peerPort: null });
      expectDone(trace, records);
      expect(stats.workers).toBe(workerCount);
    });

    test("does every op in one trace, echoes and think times included", async () => {
      const trace = everyOpTrace();
      const { records } = await runTrial(runtime, trace, { workerCount, peerPort: peer.port });
      expectDone(trace, records);
    });
  });

  test("opens exactly the trace's connections and marks the warm-up's requests", async () => {
    const own = await startEchoPeer();
    const trace = everyOpTrace();
    await runTrial(native, trace, { workerCount: 2, peerPort: own.port });
    expect(own.counts.connections).toBe(trace.connectionCount);
    expect(own.counts.requests).toBe(plannedOps(trace).echo);
    expect(own.counts.warmUpRequests).toBeGreaterThanOrEqual(2);
    own.close();
  });

  test("does not start when nobody listens on the peer's port", async () => {
    const gone = await startEchoPeer();
    gone.close();
    const trial = runTrial(native, everyOpTrace(), { workerCount: 2, peerPort: gone.port });
    await expect(trial).rejects.toThrow(/connection 1 of 3 to the echo peer .*refused/);
  });

  test("fails a trial whose connections break, and says so", async () => {
    const fragile = await startEchoPeer({ dropsAfterRequests: 5 });
    const trial = runTrial(native, everyOpTrace(), { workerCount: 2, peerPort: fragile.port });
    await expect(trial).rejects.toThrow(/connection to the echo peer broke during the trial/);
    fragile.close();
  });

  test("a peer that changes the payload changes the checksums", async () => {
    const forger = await startEchoPeer({ flipsPayload: true });
    const trace = everyOpTrace();
    const { records } = await runTrial(native, trace, { workerCount: 2, peerPort: forger.port });
    expect(checksumsOf(records)).not.toEqual(referenceChecksums(trace));
    forger.close();
  });

  test("an option reaches Tokio: without its LIFO slot a child does not wait for its parent", async () => {
    const ops: OpSpec[] = [
      { op: "spawn", children: [{ class: "task", ops: [] }] },
      { op: "block", ns: 200e6 },
      { op: "join" },
    ];
    const trace = build(closed({ tasks: 1, sessions: 1, ops }), 1, { periodNs: 0 });
    const childWaitNs = async (options: ParameterValues): Promise<number> => {
      const { records } = await runTrial(native, trace, { workerCount: 2, peerPort: null, options });
      const { firstPollNs, submittedNs } = taskRecordRow.index;
      const child = taskRecordRow.strideBytes / 8;
      return (
        (records.taskF64[child + firstPollNs] as number) - (records.taskF64[child + submittedNs] as number)
      );
    };
    expect(await childWaitNs({})).toBeGreaterThan(199e6);
    // A machine that stands still for as long as the block hides one.
    let leastNs = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 3 && leastNs > 199e6; attempt++) {
      leastNs = Math.min(leastNs, await childWaitNs({ lifo: "off" }));
    }
    expect(leastNs).toBeLessThan(199e6);
  });

  test.each(cases)(
    "diagnostic=on adds Tokio's histograms of $runtime.name",
    async ({ runtime, workerCount }) => {
      const trace = build(closed({ tasks: 500, sessions: 9, ops: [] }), 1, { periodNs: 0 });
      const options = { diagnostic: "on" };
      const { stats } = await runTrial(runtime, trace, { workerCount, peerPort: null, options });
      expect(stats.scheduleLatencyCount).toBe(500);
      expect(stats.scheduleLatencyP99ToNs).toBeGreaterThan(stats.scheduleLatencyP99FromNs as number);
      const plain = await runTrial(runtime, trace, { workerCount, peerPort: null });
      expect(plain.stats).not.toHaveProperty("scheduleLatencyCount");
      expect(plain.stats).toMatchObject({
        globalQueueDepthMax: expect.any(Number),
        unparks: expect.any(Number),
      });
    },
  );

  test("a stop in the middle ends the trial with tasks undone", async () => {
    const trace = build(closed({ tasks: 4, sessions: 1, ops: [{ op: "sleep", ns: 60e9 }] }), 1, {
      periodNs: 1e6,
    });
    const isOver = (records: Records): boolean => sumLanes(records, "canariesRun") >= 3;
    const { records } = await runTrial(native, trace, { workerCount: 2, peerPort: null, isOver });
    expect(sumLanes(records, "done")).toBe(0);
    expect(sumLanes(records, "started")).toBe(1);
  });
});

/** Every task done once with the reference's checksum, every op performed once, every canary run. */
function expectDone(trace: Trace, records: Records): void {
  const stride = (type: number): number => taskRecordRow.strideBytes / type;
  const at = taskRecordRow.index;
  for (let task = 0; task < trace.taskCount; task++) {
    const row = task * stride(8);
    const [submittedNs, firstPollNs, finishNs] = [at.submittedNs, at.firstPollNs, at.finishNs].map(
      (field) => records.taskF64[row + field] as number,
    ) as [number, number, number];
    assert(
      submittedNs >= 0 && firstPollNs >= submittedNs && finishNs >= firstPollNs,
      `task ${task} out of order: ${submittedNs} ${firstPollNs} ${finishNs}`,
    );
    expect(records.taskU8[task * stride(1) + at.state]).toBe(taskStates.done);
    expect(records.taskU8[task * stride(1) + at.starts]).toBe(1);
    expect(records.taskU32[task * stride(4) + at.pollCount]).toBeGreaterThanOrEqual(1);
  }
  expect(checksumsOf(records)).toEqual(referenceChecksums(trace));
  const planned = plannedOps(trace);
  const { count, shortestNs } = opsPerformed(records);
  for (const name of opNames) {
    expect({ [name]: count[ops[name].code] }).toEqual({ [name]: planned[name] });
    expect(shortestNs[ops[name].code]).toBeGreaterThanOrEqual(-(ops[name].shortfallNs ?? 0));
  }
  for (const counter of ["submitted", "started", "done"] as const) {
    expect({ [counter]: sumLanes(records, counter) }).toEqual({ [counter]: trace.taskCount });
  }
  expect(sumLanes(records, "spawned")).toBe(trace.taskCount - trace.rootCount);
  expectCanariesRun(trace, records);
}

function expectCanariesRun(trace: Trace, records: Records): void {
  const canaryCount = records.headerI32[recordsHeaderRow.index.canaryCount] as number;
  if (trace.windowNs > 0) expect(canaryCount).toBe(Math.floor(trace.windowNs / trace.canaryPeriodNs));
  expect(sumLanes(records, "canariesRun")).toBe(canaryCount);
  for (let canary = 0; canary < canaryCount; canary++) {
    const row = (canary * canaryRow.strideBytes) / 8;
    const [dueNs, submittedNs, runNs] = [0, 1, 2].map(
      (field) => records.canaryF64[row + field] as number,
    ) as [number, number, number];
    assert(dueNs <= submittedNs && submittedNs <= runNs, `canary ${canary} ran out of order`);
  }
}

function checksumsOf(records: Records): Uint32Array {
  const stride = taskRecordRow.strideBytes / 4;
  return Uint32Array.from(
    { length: records.shape.taskCount },
    (_, task) => records.taskU32[task * stride + taskRecordRow.index.checksum] as number,
  );
}

/** How often each op stands in the tasks' programs. */
function plannedOps(trace: Trace): Record<string, number> {
  const planned: Record<string, number> = Object.fromEntries(opNames.map((name) => [name, 0]));
  for (let task = 0; task < trace.taskCount; task++) {
    const program = (trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number) * PROGRAM_U32;
    const first = trace.programU32[program + PROGRAM_FIRST_OP] as number;
    const end = first + (trace.programU32[program + PROGRAM_OP_COUNT] as number);
    for (let op = first; op < end; op++) {
      const name = opNames.find((known) => ops[known].code === trace.opU32[op * OP_U32 + OP_CODE]);
      assert(name !== undefined);
      planned[name] = (planned[name] as number) + 1;
    }
  }
  return planned;
}

interface TrialOptions {
  readonly workerCount: number;
  readonly peerPort: number | null;
  /** Default: Tokio's own. */
  readonly options?: ParameterValues;
  /** Default: every task and every canary has ended. */
  readonly isOver?: (records: Records) => boolean;
}

/** Plays the harness: starts, sets the epoch, watches the counters, stops. */
async function runTrial(
  runtime: Runtime,
  trace: Trace,
  { workerCount, peerPort, options = {}, isOver = hasEnded }: TrialOptions,
): Promise<{ records: Records; stats: RuntimeStats }> {
  const records = allocateRecords(shapeFor(trace, workerCount));
  const started = await runtime.start({
    workerCount,
    coreCount: 2,
    options,
    trace,
    records,
    warmUp: warmUpTrace(peerPort !== null),
    peerPort,
    unitNs: 2.5,
  });
  records.headerF64[recordsHeaderRow.index.epochNs] = monotonicNs();
  const execution = started.execute();
  const watched = watch(records, trace, isOver);
  await Promise.race([execution, watched.promise]).finally(watched.end);
  Atomics.store(records.headerI32, recordsHeaderRow.index.stop, 1);
  started.stop();
  return { records, stats: await execution };
}

/** Looks at the counters as often as the event loop comes round. */
function watch(
  records: Records,
  trace: Trace,
  isOver: (records: Records) => boolean,
): { promise: Promise<void>; end: () => void } {
  let isEnded = false;
  const look = async (): Promise<void> => {
    while (!isEnded && !isOver(records)) {
      if (sumLanes(records, "done") === trace.taskCount) {
        Atomics.store(records.headerI32, recordsHeaderRow.index.tasksEnded, 1);
      }
      await setImmediate();
    }
  };
  return {
    promise: look(),
    end: () => {
      isEnded = true;
    },
  };
}

function hasEnded(records: Records): boolean {
  const { headerI32, shape } = records;
  return (
    sumLanes(records, "done") >= shape.taskCount &&
    Atomics.load(headerI32, recordsHeaderRow.index.releaseEnded) === 1 &&
    sumLanes(records, "canariesRun") >= Atomics.load(headerI32, recordsHeaderRow.index.canaryCount)
  );
}

function warmUpTrace(hasPeer: boolean): Trace {
  const echo: OpSpec[] = hasPeer ? [{ op: "echo", bytes: 64, replyDelayNs: 0 }] : [];
  return build(
    closed({
      tasks: 4,
      sessions: 2,
      ops: [
        { op: "cpu", units: 2000 },
        { op: "block", ns: 20e3 },
        { op: "sleep", ns: 100e3 },
        { op: "yield" },
        ...echo,
        ...family(1),
      ],
    }),
    1,
    { periodNs: 0 },
  );
}

function closed(load: { tasks: number; sessions: number; ops: readonly OpSpec[] }): Composition {
  return {
    classes: [{ name: "task" }],
    measured: "task",
    windowNs: 0,
    connectionCount: 0,
    streams: [
      {
        release: { loop: "closed", sessionCount: load.sessions, taskCount: load.tasks, thinkNs: 0 },
        variants: [{ share: 1, class: "task", ops: load.ops }],
      },
    ],
  };
}

/** Children that have children, `depth` generations of them. */
function family(depth: number): OpSpec[] {
  const child: TaskSpec = {
    class: "task",
    ops: depth === 1 ? [{ op: "cpu", units: 50 }] : [{ op: "yield" }, ...family(depth - 1)],
  };
  return [{ op: "spawn", children: [child, { class: "task", ops: [] }, child] }, { op: "join" }];
}

function temporaryFile(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "isoload-native-")), name);
  writeFileSync(path, text);
  onTestFinished(() => rmSync(dirname(path), { recursive: true }));
  return path;
}

function hasCargo(): boolean {
  try {
    execFileSync("cargo", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

interface EchoPeer {
  readonly port: number;
  readonly counts: { connections: number; requests: number; warmUpRequests: number };
  close(): void;
}

interface PeerFaults {
  /** Counts the trial's requests, not the warm-up's. */
  readonly dropsAfterRequests?: number;
  readonly flipsPayload?: boolean;
}

/** An echo peer in this process, as small as can be. */
async function startEchoPeer(faults: PeerFaults = {}): Promise<EchoPeer> {
  const counts = { connections: 0, requests: 0, warmUpRequests: 0 };
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    counts.connections++;
    sockets.add(socket);
    let buffered = Buffer.alloc(0);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      buffered = Buffer.concat([buffered, chunk]);
      for (;;) {
        if (buffered.length < requestFrame.strideBytes) return;
        const end = requestFrame.strideBytes + buffered.readUInt32LE(requestFrame.offsetBytes.payloadBytes);
        if (buffered.length < end) return;
        const request = buffered.subarray(0, end);
        buffered = buffered.subarray(end);
        if (request.readUInt32LE(requestFrame.offsetBytes.warmUp) === 1) counts.warmUpRequests++;
        else if (++counts.requests === faults.dropsAfterRequests) socket.destroy();
        const delayNs = request.readDoubleLE(requestFrame.offsetBytes.replyDelayNs);
        if (delayNs === 0) reply(socket, request, faults);
        else setTimeout(() => reply(socket, request, faults), delayNs / 1e6);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert(address !== null && typeof address === "object");
  return {
    port: address.port,
    counts,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

function reply(socket: Socket, request: Buffer, faults: PeerFaults): void {
  if (socket.destroyed) return;
  const frame = Buffer.alloc(replyFrame.strideBytes);
  const payload = Buffer.from(request.subarray(requestFrame.strideBytes));
  if (faults.flipsPayload === true) payload[0] = (payload[0] as number) ^ 1;
  frame.writeUInt32LE(payload.length, replyFrame.offsetBytes.payloadBytes);
  frame.writeUInt32LE(request.readUInt32LE(requestFrame.offsetBytes.tag), replyFrame.offsetBytes.tag);
  frame.writeDoubleLE(monotonicNs(), replyFrame.offsetBytes.receivedNs);
  frame.writeDoubleLE(monotonicNs(), replyFrame.offsetBytes.sentNs);
  socket.write(Buffer.concat([frame, payload]));
}
