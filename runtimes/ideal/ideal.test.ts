import { expect, test } from "vitest";
import { strideIn } from "../../workloads/trace/layout.ts";
import { CPU, opNames, ops } from "../../workloads/trace/op.ts";
import { referenceChecksums } from "../../workloads/trace/reference.ts";
import type { Composition, OpSpec, Stream } from "../../workloads/workload.ts";
import { opsPerformed, sumLanes } from "../lane-sums.ts";
import {
  canaryRow,
  holdRow,
  laneRow,
  recordsHeaderRow,
  stretchRow,
  taskRecordRow,
  taskStates,
  timerRow,
} from "../record.ts";
import type { Records } from "../records.ts";
import { allHeld } from "./all-held.ts";
import { simulated } from "./fixtures/simulated.ts";

function composed(streams: readonly Stream[], windowNs: number): Composition {
  return { classes: [{ name: "task" }], measured: "task", windowNs, connectionCount: 0, streams };
}

function dueAt(atNs: readonly number[], ops: readonly OpSpec[]): Stream {
  return {
    release: { loop: "open", arrivals: { kind: "times", atNs } },
    variants: [{ share: 1, class: "task", ops }],
  };
}

function taskNs(
  records: Records,
  task: number,
  field: "submittedNs" | "firstPollNs" | "finishNs" | "heldNs",
): number {
  return records.taskF64[task * strideIn(taskRecordRow, "f64") + taskRecordRow.index[field]] as number;
}

function canaryDelaysNs(records: Records): Float64Array {
  const count = records.headerI32[recordsHeaderRow.index.canaryCount] as number;
  const stride = strideIn(canaryRow, "f64");
  return Float64Array.from(
    { length: count },
    (_, row) =>
      (records.canaryF64[row * stride + canaryRow.index.runNs] as number) -
      (records.canaryF64[row * stride + canaryRow.index.dueNs] as number),
  ).sort();
}

interface Turn {
  readonly startNs: number;
  readonly endNs: number;
  readonly isIdle: boolean;
}

/** Idle stretches and holds of a worker that have a row, in the order of time. */
function turnsOf(records: Records, worker: number): Turn[] {
  const stretches = Array.from({ length: stretchCountOf(records, worker) }, (_, index): Turn => {
    const row = (firstStretchOf(records, worker) + index) * strideIn(stretchRow, "f64");
    const { startNs, endNs } = stretchRow.index;
    const at = (field: number): number => records.stretchF64[row + field] as number;
    return { startNs: at(startNs), endNs: at(endNs), isIdle: true };
  });
  const holdCount = records.headerI32[recordsHeaderRow.index.holdCount] as number;
  const holds = [...new Array(holdCount).keys()]
    .filter((row) => records.holdU16[row * strideIn(holdRow, "u16") + holdRow.index.worker] === worker)
    .map((row): Turn => {
      const { startNs, endNs } = holdRow.index;
      const at = (field: number): number => records.holdF64[row * strideIn(holdRow, "f64") + field] as number;
      return { startNs: at(startNs), endNs: at(endNs), isIdle: false };
    });
  return [...stretches, ...holds].sort((one, other) => one.startNs - other.startNs);
}

const firstStretchOf = ({ laneU32 }: Records, lane: number): number =>
  laneU32[lane * strideIn(laneRow, "u32") + laneRow.index.stretchFirst] as number;
const stretchCountOf = ({ laneU32 }: Records, lane: number): number =>
  laneU32[lane * strideIn(laneRow, "u32") + laneRow.index.stretchCount] as number;

function nearestRank(sorted: Float64Array, q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] as number;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const ms = (value: number): number => value * 1e6;

/** Every `gap` ms from 0 on, `count` times, `together` at a time. */
function repeated(gapMs: number, count: number, together: number): number[] {
  return Array.from({ length: count * together }, (_, index) => ms(Math.floor(index / together) * gapMs));
}

/** Blocks of `blockMs` due at `dueMs`; the canary stands in the middle of every millisecond. All figures in ms. */
const deterministicCases = [
  {
    name: "D1",
    workers: 2,
    blockMs: 100,
    dueNs: repeated(0, 1, 2),
    windowMs: 200,
    allHeldShare: 0.5,
    canary: [25, 0, 79.5, 97.5, 99.5],
    over10ms: 0.45,
    wrong: { n: 100, mean: 0.995, p99: 0 },
  },
  {
    name: "D2",
    workers: 1,
    blockMs: 100,
    dueNs: repeated(0, 1, 1),
    windowMs: 200,
    allHeldShare: 0.5,
    canary: [25, 0, 79.5, 97.5, 99.5],
    over10ms: 0.45,
    wrong: { n: 100, mean: 0.995, p99: 0 },
  },
  {
    name: "D3",
    workers: 4,
    blockMs: 100,
    dueNs: repeated(0, 1, 2),
    windowMs: 200,
    allHeldShare: 0,
    canary: [0, 0, 0, 0, 0],
    over10ms: 0,
    wrong: { n: 200, mean: 0, p99: 0 },
  },
  {
    name: "D5",
    workers: 2,
    blockMs: 100,
    dueNs: [0, ms(50)],
    windowMs: 200,
    allHeldShare: 0.25,
    canary: [6.25, 0, 29.5, 47.5, 49.5],
    over10ms: 0.2,
    wrong: { n: 150, mean: 0.33, p99: 0 },
  },
  {
    name: "D7",
    workers: 2,
    blockMs: 50,
    dueNs: repeated(100, 10, 2),
    windowMs: 1000,
    allHeldShare: 0.5,
    canary: [12.5, 0, 39.5, 48.5, 49.5],
    over10ms: 0.4,
    wrong: { n: 500, mean: 0.999, p99: 50 },
  },
  {
    name: "D8",
    workers: 1,
    blockMs: 100,
    dueNs: repeated(500, 6, 1),
    windowMs: 3000,
    allHeldShare: 0.2,
    canary: [10, 0, 49.5, 94.5, 99.5],
    over10ms: 0.18,
    wrong: { n: 2400, mean: 599.5 / 2400, p99: 0 },
  },
] as const;

test.each(deterministicCases)("$name holds exactly", async (known) => {
  const composition = composed(
    [dueAt(known.dueNs, [{ op: "block", ns: ms(known.blockMs) }])],
    ms(known.windowMs),
  );
  const { records } = await simulated(
    composition,
    { workerCount: known.workers },
    { periodNs: ms(1), phaseNs: ms(0.5) },
  );
  const heldNs = allHeld(records).reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
  expect(heldNs / ms(known.windowMs)).toBe(known.allHeldShare);
  const delaysNs = canaryDelaysNs(records);
  expect(delaysNs.length).toBe(known.windowMs);
  const figures = [mean(delaysNs), ...[0.5, 0.9, 0.99, 1].map((q) => nearestRank(delaysNs, q))];
  expect(figures).toEqual(known.canary.map(ms));
  expect(delaysNs.filter((delayNs) => delayNs > ms(10)).length / delaysNs.length).toBe(known.over10ms);
});

test.each(deterministicCases)("$name: a worker is idle whenever no block holds it", async (known) => {
  const composition = composed(
    [dueAt(known.dueNs, [{ op: "block", ns: ms(known.blockMs) }])],
    ms(known.windowMs),
  );
  const { records } = await simulated(composition, { workerCount: known.workers }, { periodNs: ms(1) });
  const spent = Array.from({ length: known.workers }, (_, worker) => turnsOf(records, worker));
  for (const turns of spent) {
    expect(turns[0]?.startNs).toBe(0);
    expect(turns.at(-1)?.endNs).toBe(ms(known.windowMs));
    for (const [index, { startNs }] of turns.entries()) {
      if (index > 0) expect(startNs).toBe(turns[index - 1]?.endNs);
    }
  }
  const idleNs = spent.flat().reduce((sum, turn) => sum + (turn.isIdle ? turn.endNs - turn.startNs : 0), 0);
  expect(idleNs).toBe(ms(known.workers * known.windowMs - known.dueNs.length * known.blockMs));
  expect(sumLanes(records, "parks")).toBe(
    known.workers + spent.flat().filter(({ isIdle, startNs }) => isIdle && startNs > 0).length,
  );
});

test.each(deterministicCases)(
  "$name: a canary that arms again only after it ran does not see it",
  async (known) => {
    const composition = composed(
      [dueAt(known.dueNs, [{ op: "block", ns: ms(known.blockMs) }])],
      ms(known.windowMs),
    );
    const { records } = await simulated(composition, { workerCount: known.workers });
    const stretches = allHeld(records);
    const delays: number[] = [];
    for (let dueNs = ms(0.5); dueNs < ms(known.windowMs); ) {
      const stretch = stretches.find(({ startNs, endNs }) => startNs <= dueNs && dueNs < endNs);
      const runNs = stretch === undefined ? dueNs : stretch.endNs;
      delays.push(runNs - dueNs);
      dueNs = runNs + ms(1);
    }
    const delaysNs = Float64Array.from(delays).sort();
    expect(delaysNs.length).toBe(known.wrong.n);
    expect(mean(delaysNs) / 1e6).toBeCloseTo(known.wrong.mean, 9);
    expect(nearestRank(delaysNs, 0.99)).toBe(ms(known.wrong.p99));
  },
);

/** One row an op: what the op needs around it to be executed at all. */
const conformance: Readonly<Record<(typeof opNames)[number], readonly OpSpec[]>> = {
  cpu: [{ op: "cpu", units: { kind: "uniform", min: 1, max: 500 } }],
  block: [{ op: "block", ns: { kind: "exponential", mean: 1e6 } }],
  sleep: [{ op: "sleep", ns: 1e6 }],
  yield: [{ op: "yield" }, { op: "cpu", units: 10 }, { op: "yield" }],
  echo: [{ op: "echo", bytes: { kind: "uniform", min: 1, max: 2000 }, replyDelayNs: 1e5 }],
  spawn: [{ op: "spawn", children: [{ class: "task", ops: [{ op: "cpu", units: 5 }] }] }],
  join: [
    {
      op: "spawn",
      children: [
        { class: "task", ops: [{ op: "sleep", ns: 1e6 }] },
        { class: "task", ops: [{ op: "spawn", children: [{ class: "task", ops: [] }] }, { op: "join" }] },
      ],
    },
    { op: "join" },
    { op: "cpu", units: 7 },
  ],
};

const loops: readonly Stream["release"][] = [
  { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 2000 } },
  { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 2000 }, sessionCount: 3 },
  { loop: "closed", sessionCount: 4, taskCount: 200, thinkNs: 0 },
  { loop: "closed", sessionCount: 4, taskCount: 200, thinkNs: { kind: "exponential", mean: 1e5 } },
];

const conformanceRows = opNames.flatMap((op) =>
  loops.flatMap((release) => [1, 3].map((workerCount) => ({ op, release, workerCount }))),
);

test.each(conformanceRows)(
  "$op in a loop $release.loop on $workerCount workers: done once, with the reference's results",
  async ({ op, release, workerCount }) => {
    const stream: Stream = { release, variants: [{ share: 1, class: "task", ops: conformance[op] }] };
    const windowNs = release.loop === "open" ? ms(100) : 0;
    const { trace, records } = await simulated(
      composed([stream], windowNs),
      { workerCount, coreCount: 2 },
      { periodNs: ms(1) },
    );
    const rows = { u8: strideIn(taskRecordRow, "u8"), u32: strideIn(taskRecordRow, "u32") };
    const expected = referenceChecksums(trace);
    for (let task = 0; task < trace.taskCount; task++) {
      expect(records.taskU8[task * rows.u8 + taskRecordRow.index.state]).toBe(taskStates.done);
      expect(records.taskU8[task * rows.u8 + taskRecordRow.index.starts]).toBe(1);
      expect(records.taskU32[task * rows.u32 + taskRecordRow.index.checksum]).toBe(expected[task]);
    }
    expect(sumLanes(records, "done")).toBe(trace.taskCount);
    expect(sumLanes(records, "submitted")).toBe(trace.taskCount);
    expect(opsPerformed(records).count[ops[op].code]).toBeGreaterThan(0);
    expect(sumLanes(records, "canariesRun")).toBe(records.headerI32[recordsHeaderRow.index.canaryCount]);
  },
);

test("a task is before the canary that is due at the same instant", async () => {
  const composition = composed([dueAt([0, 0], [{ op: "block", ns: ms(100) }])], ms(200));
  const { records } = await simulated(composition, { workerCount: 2 }, { periodNs: ms(1), phaseNs: 0 });
  expect(canaryDelaysNs(records).at(-1)).toBe(ms(100));
});

test("timer and local canaries take their turn in the queue and no time", async () => {
  const composition = composed([dueAt([0, 0], [{ op: "block", ns: ms(100) }])], ms(200));
  const { records } = await simulated(composition, { workerCount: 2 }, { periodNs: ms(1), phaseNs: ms(0.5) });
  const stride = strideIn(timerRow, "f64");
  const latenessNs = Array.from(
    { length: records.headerI32[recordsHeaderRow.index.timerCount] as number },
    (_, row) =>
      (records.timerF64[row * stride + timerRow.index.runNs] as number) -
      (records.timerF64[row * stride + timerRow.index.dueNs] as number),
  );
  expect(latenessNs).toEqual(
    Array.from({ length: 20 }, (_, timer) => Math.max(0, ms(99.5) - timer * ms(10))),
  );
  const canaries = strideIn(canaryRow, "f64");
  for (let canary = 0; canary < 200; canary++) {
    const row = canary * canaries;
    expect(records.canaryF64[row + canaryRow.index.localRunNs]).toBe(
      records.canaryF64[row + canaryRow.index.runNs],
    );
  }
  expect([sumLanes(records, "timersRun"), sumLanes(records, "localsRun")]).toEqual([20, 200]);
});

test("a counted load has the timer canaries that are due until its last task ended", async () => {
  const composition = composed([dueAt([0], [{ op: "sleep", ns: ms(25) }])], 0);
  const { records } = await simulated(composition, { workerCount: 1 }, { periodNs: ms(1), phaseNs: ms(0.5) });
  expect(records.headerI32[recordsHeaderRow.index.timerCount]).toBe(3);
});

test("cpu waits for a core and keeps its worker meanwhile", async () => {
  const stream = dueAt([0, 0, 0], [{ op: "cpu", units: 1e6 }]);
  const { records } = await simulated(composed([stream], ms(100)), { workerCount: 3, coreCount: 1 });
  expect([0, 1, 2].map((task) => taskNs(records, task, "finishNs"))).toEqual([ms(2), ms(4), ms(6)]);
  expect([0, 1, 2].map((task) => taskNs(records, task, "heldNs"))).toEqual([ms(2), ms(4), ms(6)]);
  expect([0, 1, 2].map((task) => taskNs(records, task, "firstPollNs"))).toEqual([0, 0, 0]);
  expect(records.holdU16[holdRow.index.op]).toBe(CPU);
});

test("a block keeps a worker and no core", async () => {
  const streams = [dueAt([0, 0], [{ op: "block", ns: ms(10) }]), dueAt([0], [{ op: "cpu", units: 1e6 }])];
  const { records } = await simulated(composed(streams, ms(100)), { workerCount: 3, coreCount: 1 });
  expect(taskNs(records, 2, "finishNs")).toBe(ms(2));
});

test("a suspended task keeps nothing, and its sleep overlaps with others", async () => {
  const stream = dueAt([0, 0, 0], [{ op: "sleep", ns: ms(5) }]);
  const { records } = await simulated(composed([stream], ms(100)), { workerCount: 1 });
  expect([0, 1, 2].map((task) => taskNs(records, task, "finishNs"))).toEqual([ms(5), ms(5), ms(5)]);
});

test("a yield lets all that is ready run first", async () => {
  const streams = [
    dueAt([0], [{ op: "yield" }, { op: "block", ns: ms(1) }]),
    dueAt([0], [{ op: "block", ns: ms(2) }]),
    dueAt([0], [{ op: "block", ns: ms(3) }]),
  ];
  // The first block makes the other two ready before the yielding task is polled.
  const { records } = await simulated(
    composed([dueAt([0], [{ op: "block", ns: ms(10) }]), ...streams], ms(100)),
    { workerCount: 1 },
  );
  expect([1, 2, 3].map((task) => taskNs(records, task, "finishNs"))).toEqual([ms(16), ms(12), ms(15)]);
});

test("what is not done at the cut-off is unserved, and a counted load releases no canary after its end", async () => {
  const overload = composed([dueAt(new Array<number>(12).fill(0), [{ op: "block", ns: ms(1000) }])], ms(100));
  const { trace, records } = await simulated(overload, { workerCount: 1 }, { periodNs: ms(1) });
  const states = Array.from(
    { length: trace.taskCount },
    (_, task) => records.taskU8[task * strideIn(taskRecordRow, "u8") + taskRecordRow.index.state],
  );
  // The drain is 5 s and twice the longest task.
  expect(states).toEqual([...new Array(7).fill(taskStates.done), ...new Array(5).fill(taskStates.unserved)]);
  expect(records.headerF64[recordsHeaderRow.index.endNs]).toBe(trace.windowNs + trace.drainNs);

  const counted = composed(
    [
      {
        release: { loop: "closed", sessionCount: 1, taskCount: 10, thinkNs: 0 },
        variants: [{ share: 1, class: "task", ops: [{ op: "block", ns: ms(1) }] }],
      },
    ],
    0,
  );
  const ended = await simulated(counted, { workerCount: 1 }, { periodNs: ms(1), phaseNs: 0 });
  // Due at 0, 1, … 10 ms: the last at the very instant of the last finish.
  expect(canaryDelaysNs(ended.records).length).toBe(11);
  expect(ended.records.headerF64[recordsHeaderRow.index.endNs]).toBe(ms(10));
});

test("the same settings give the same bytes", async () => {
  const stream: Stream = {
    release: { loop: "open", arrivals: { kind: "bursts", ratePerSecond: 5000, size: 8 } },
    variants: [
      { share: 0.5, class: "task", ops: conformance.join },
      { share: 0.5, class: "task", ops: conformance.echo },
    ],
  };
  const [first, second] = await Promise.all(
    [0, 1].map(() => simulated(composed([stream], ms(50)), { workerCount: 2 }, { periodNs: ms(1) })),
  );
  expect(Buffer.compare(first?.records.bytes as Uint8Array, second?.records.bytes as Uint8Array)).toBe(0);
});
