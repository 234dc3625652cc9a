import { describe, expect, test } from "vitest";
import { build } from "../workloads/trace/build.ts";
import { strideIn } from "../workloads/trace/layout.ts";
import type { Trace } from "../workloads/trace/trace.ts";
import { laneRow, recordsHeaderRow, stretchRow } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { allocateRecords, type Records } from "./records.ts";
import { shapeFor } from "./records-room.ts";

const CACHE_LINE_BYTES = 64;

/** Two workers with two rows of stretches each, and a releaser. */
function small(): Records {
  return allocateRecords({
    laneCount: 3,
    taskCount: 1,
    canaryCapacity: 0,
    timerCapacity: 0,
    holdCapacity: 0,
    tickCapacity: 0,
    stretchCapacity: 4,
    idleRowMinNs: 10,
  });
}

function emptyTasks(count: number): Trace {
  const composition = {
    classes: [{ name: "empty" }],
    measured: "empty",
    windowNs: 0,
    connectionCount: 0,
    streams: [
      {
        release: { loop: "open", arrivals: { kind: "at-once", count } },
        variants: [{ share: 1, class: "empty", ops: [] }],
      },
    ],
  } as const;
  return build(composition, 1, { periodNs: 0 });
}

const word = ({ laneU32 }: Records, lane: number, field: keyof typeof laneRow.index): number =>
  laneU32[lane * strideIn(laneRow, "u32") + laneRow.index[field]] as number;
const double = ({ laneF64 }: Records, lane: number, field: keyof typeof laneRow.index): number =>
  laneF64[lane * strideIn(laneRow, "f64") + laneRow.index[field]] as number;

/** All rows of the section as [startNs, endNs, worker, kind]. */
function rows({ shape, stretchF64, stretchU16 }: Records): number[][] {
  const at = stretchRow.index;
  return Array.from({ length: shape.stretchCapacity }, (_, row) => {
    const doubles = stretchF64.subarray(row * strideIn(stretchRow, "f64"));
    const halves = stretchU16.subarray(row * strideIn(stretchRow, "u16"));
    return [doubles[at.startNs], doubles[at.endNs], halves[at.worker], halves[at.kind]] as number[];
  });
}

describe("stretches", () => {
  test("stand in their worker's own part, short idle ones in the sum only", () => {
    const records = small();
    const second = new Recorder(records, 1);
    second.idle(20, 29);
    second.idle(30, 40);
    second.gcPause(31, 33);
    expect(rows(records)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
      [30, 40, 1, 1],
      [31, 33, 1, 2],
    ]);
    expect([double(records, 1, "idleNs"), double(records, 1, "gcNs")]).toEqual([19, 2]);
    expect([word(records, 0, "stretchCount"), word(records, 1, "stretchCount")]).toEqual([0, 2]);
  });

  test("that find no room are counted, and their sums and the longest are kept", () => {
    const records = small();
    const worker = new Recorder(records, 0);
    for (let index = 0; index < 5; index++) worker.gcPause(index * 100, index * 100 + 10 + index);
    expect([word(records, 0, "stretchCount"), word(records, 0, "stretchesLost")]).toEqual([2, 3]);
    expect([double(records, 0, "gcNs"), double(records, 0, "gcLongestNs")]).toEqual([60, 14]);
    expect(rows(records).slice(2)).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });

  test("begin at the epoch at the earliest and end with the trial", () => {
    const records = small();
    const worker = new Recorder(records, 0);
    worker.idle(-50, -20);
    worker.idle(-20, 15);
    records.headerF64[recordsHeaderRow.index.endNs] = 100;
    worker.idle(80, 130);
    worker.gcPause(101, 130);
    expect(rows(records).slice(0, 2)).toEqual([
      [0, 15, 0, 1],
      [80, 100, 0, 1],
    ]);
    expect([double(records, 0, "idleNs"), double(records, 0, "gcNs")]).toEqual([35, 0]);
    expect(word(records, 0, "stretchesLost")).toBe(0);
  });

  test("of the releaser have no room at all", () => {
    const records = small();
    new Recorder(records, 2).idle(0, 1000);
    expect([word(records, 2, "stretchCount"), word(records, 2, "stretchesLost")]).toEqual([0, 1]);
  });
});

test.each([
  // A cut-off of 5 s and 20 µs a task: the fewer of one stretch between polls and one every 10 µs.
  { taskCount: 10, workerCount: 2, idleRows: 11, idleRowMinNs: 10e3, gcRows: 256 + 1001 },
  { taskCount: 100_000, workerCount: 8, idleRows: 100_001, idleRowMinNs: 10e3, gcRows: 256 + 1400 },
  {
    taskCount: 200_000,
    workerCount: 2,
    idleRows: 2 ** 17,
    idleRowMinNs: 9e9 / (2 ** 17 - 1),
    gcRows: 256 + 1800,
  },
  {
    taskCount: 100_000,
    workerCount: 1024,
    idleRows: 1024,
    idleRowMinNs: 7e9 / 1023,
    gcRows: 256 + 1400,
  },
  {
    taskCount: 1_000_000,
    workerCount: 1,
    idleRows: 2 ** 17,
    idleRowMinNs: 25e9 / (2 ** 17 - 1),
    gcRows: 4096,
  },
])(
  "of $taskCount empty tasks each of $workerCount workers has room for $idleRows idle stretches",
  ({ taskCount, workerCount, idleRows, idleRowMinNs, gcRows }) => {
    const shape = shapeFor(emptyTasks(taskCount), workerCount);
    expect(shape.stretchCapacity / workerCount - gcRows).toBe(idleRows);
    expect(shape.idleRowMinNs).toBe(idleRowMinNs);
  },
);

test("every stretch that may have a row has room: idle all the time up to the cut-off, none is lost", () => {
  const trace = emptyTasks(200_000);
  const records = allocateRecords(shapeFor(trace, 1));
  const worker = new Recorder(records, 0);
  const lengthNs = Math.ceil(records.shape.idleRowMinNs);
  for (let atNs = 0; atNs <= trace.drainNs; atNs += lengthNs) worker.idle(atNs, atNs + lengthNs);
  expect(word(records, 0, "stretchesLost")).toBe(0);
  expect(word(records, 0, "stretchCount")).toBeGreaterThan(130_000);
});

test("two lanes share no cache line wherever the block begins, and neither do lanes and header", () => {
  const lastWritten = laneRow.offsetBytes.unwritten;
  expect(laneRow.strideBytes - lastWritten).toBeGreaterThanOrEqual(CACHE_LINE_BYTES);
  expect([laneRow.strideBytes % CACHE_LINE_BYTES, recordsHeaderRow.strideBytes % CACHE_LINE_BYTES]).toEqual([
    0, 0,
  ]);
  // What is written while the trial runs ends with the first of its times.
  const { epochNs } = recordsHeaderRow.offsetBytes;
  expect(recordsHeaderRow.strideBytes - epochNs).toBeGreaterThanOrEqual(CACHE_LINE_BYTES);
});

test.each([
  ["overflows", (worker: Recorder): void => worker.overflowed(2)],
  ["forcedYields", (worker: Recorder): void => worker.yieldedByForce()],
  ["lifoPolls", (worker: Recorder): void => worker.polledFromLifo()],
  ["gcWatched", (worker: Recorder): void => worker.gcWatched()],
] as const)("the counter %s is its lane's own", (field, count) => {
  const records = small();
  count(new Recorder(records, 1));
  expect([0, 1, 2].map((lane) => word(records, lane, field))).toEqual([0, field === "overflows" ? 2 : 1, 0]);
});
