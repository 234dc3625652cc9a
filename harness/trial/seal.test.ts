import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { laneRow, recordsHeaderRow, stretchRow, taskRecordRow, taskStates } from "../../runtimes/record.ts";
import { Recorder } from "../../runtimes/recorder.ts";
import { allocateRecords, decodeRecords, type Records } from "../../runtimes/records.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import { BLOCK } from "../../workloads/trace/op.ts";
import { readRecords, sealRecords } from "./seal.ts";

const folder = mkdtempSync(join(tmpdir(), "isoload-seal-"));
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Three tasks: one done after a block, one started, one never seen; two canaries of nine, one hold of five; of
 * two workers with four stretches each the first has recorded one and the second three.
 */
function sample(): Records {
  const records = allocateRecords({
    laneCount: 3,
    taskCount: 3,
    canaryCapacity: 9,
    timerCapacity: 6,
    holdCapacity: 5,
    tickCapacity: 7,
    stretchCapacity: 8,
    idleRowMinNs: 10,
  });
  const worker = new Recorder(records, 0);
  const other = new Recorder(records, 1);
  const releaser = new Recorder(records, 2);
  releaser.submitted(0, 1);
  releaser.submitted(1, 2);
  worker.pollStarts(0, 3, 0);
  worker.held(0, BLOCK, 3, 5e6);
  worker.finished(0, 5e6, 77);
  worker.pollStarts(1, 6e6, 0);
  releaser.canarySubmitted(0, 10, 11);
  releaser.canarySubmitted(1, 20, 21);
  worker.canaryRan(0, 12);
  worker.timerSet(0, 15);
  worker.timerRan(0, 16);
  records.headerI32[recordsHeaderRow.index.timerCount] = 1;
  worker.idle(5e6, 6e6);
  for (const startNs of [100, 200, 300]) other.idle(startNs, startNs + 50);
  return records;
}

const stateOf = (records: Records, task: number): number =>
  records.taskU8[task * taskRecordRow.strideBytes + taskRecordRow.index.state] as number;

describe("a sealed record file", () => {
  const path = join(folder, "records.bin");
  let whole: Buffer;
  beforeAll(async () => {
    await sealRecords(sample(), path);
    whole = readFileSync(path);
  });

  test("reads back what was recorded, cut to the rows in use", () => {
    const read = readRecords(path);
    if ("damage" in read) throw new Error(read.damage);
    const { shape, headerI32, taskF64, taskU32 } = read.records;
    expect(shape).toEqual({
      laneCount: 3,
      taskCount: 3,
      canaryCapacity: 2,
      timerCapacity: 1,
      holdCapacity: 1,
      tickCapacity: 0,
      stretchCapacity: 4,
      idleRowMinNs: 10,
    });
    expect(headerI32[recordsHeaderRow.index.canaryCount]).toBe(2);
    expect(taskF64[taskRecordRow.index.finishNs]).toBe(5e6);
    expect(taskU32[taskRecordRow.index.checksum]).toBe(77);
  });

  test("has the stretches of one lane after those of the other, and each lane knows its own", () => {
    const read = readRecords(path);
    if ("damage" in read) throw new Error(read.damage);
    const { stretchF64, stretchU16, laneU32 } = read.records;
    const rows = [0, 1, 2, 3].map((row) => [
      stretchU16[row * strideIn(stretchRow, "u16") + stretchRow.index.worker],
      stretchF64[row * strideIn(stretchRow, "f64") + stretchRow.index.startNs],
    ]);
    expect(rows).toEqual([
      [0, 5e6],
      [1, 100],
      [1, 200],
      [1, 300],
    ]);
    const { stretchFirst, stretchCount } = laneRow.index;
    const words = (lane: number): Uint32Array => laneU32.subarray(lane * strideIn(laneRow, "u32"));
    expect([0, 1].map((lane) => [words(lane)[stretchFirst], words(lane)[stretchCount]])).toEqual([
      [0, 1],
      [1, 3],
    ]);
  });

  test("marks what is not done as unserved, in the file only", async () => {
    const records = sample();
    const other = join(folder, "other.bin");
    await sealRecords(records, other);
    const read = readRecords(other);
    if ("damage" in read) throw new Error(read.damage);
    expect([0, 1, 2].map((task) => stateOf(read.records, task))).toEqual([
      taskStates.done,
      taskStates.unserved,
      taskStates.unserved,
    ]);
    expect([0, 1, 2].map((task) => stateOf(records, task))).toEqual([
      taskStates.done,
      taskStates.started,
      taskStates.none,
    ]);
  });

  test("is damaged by any changed byte", () => {
    const changed = join(folder, "changed.bin");
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] as number) ^ flip;
        writeFileSync(changed, bytes);
        return "damage" in readRecords(changed);
      }),
    );
  });

  test("is damaged by any cut and by any addition", () => {
    const cut = join(folder, "cut.bin");
    for (const length of [0, 1, 39, 40, 100, whole.length - 41, whole.length - 1]) {
      writeFileSync(cut, whole);
      truncateSync(cut, length);
      expect(readRecords(cut)).toHaveProperty("damage");
    }
    writeFileSync(cut, Buffer.concat([whole, Buffer.alloc(1)]));
    expect(readRecords(cut)).toHaveProperty("damage");
  });

  test.each([
    [
      "says that a lane has more stretches than room",
      "stretchCount",
      0,
      2,
      /2 stretches of lane 0 in room for 1/,
    ],
    ["gives a lane another's stretches", "stretchFirst", 1, 0, /the stretches of lane 1 begin at row 0/],
    ["has stretches that no lane has", "stretchCapacity", 1, 4, /the lanes have 5 stretches and the header/],
  ] as const)("is damaged where it %s, whatever its checksum", (_, field, lane, value, damage) => {
    const read = readRecords(path);
    if ("damage" in read) throw new Error(read.damage);
    read.records.laneU32[lane * strideIn(laneRow, "u32") + laneRow.index[field]] = value;
    expect(decodeRecords(read.records.bytes)).toEqual({ damage: expect.stringMatching(damage) });
  });

  test("never replaces a file that is there", async () => {
    await expect(sealRecords(sample(), path)).rejects.toThrow("EEXIST");
  });
});
