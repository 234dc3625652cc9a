import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  allocateRecords,
  type Records,
  recordsHeaderRow,
  taskRecordRow,
  taskStates,
} from "../../runtimes/record.ts";
import { Recorder } from "../../runtimes/recorder.ts";
import { BLOCK } from "../../workloads/trace/op.ts";
import { readRecords, sealRecords } from "./seal.ts";

const folder = mkdtempSync(join(tmpdir(), "isoload-seal-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Three tasks: one done after a block, one started, one never seen; two canaries of nine, one hold of five. */
function sample(): Records {
  const records = allocateRecords({
    laneCount: 2,
    taskCount: 3,
    canaryCapacity: 9,
    holdCapacity: 5,
    tickCapacity: 7,
  });
  const worker = new Recorder(records, 0);
  const releaser = new Recorder(records, 1);
  releaser.submitted(0, 1);
  releaser.submitted(1, 2);
  worker.pollStarts(0, 3, 0);
  worker.held(0, BLOCK, 3, 5e6);
  worker.finished(0, 5e6, 77);
  worker.pollStarts(1, 6e6, 0);
  releaser.canarySubmitted(0, 10, 11);
  releaser.canarySubmitted(1, 20, 21);
  worker.canaryRan(0, 12);
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
      laneCount: 2,
      taskCount: 3,
      canaryCapacity: 2,
      holdCapacity: 1,
      tickCapacity: 0,
    });
    expect(headerI32[recordsHeaderRow.index.canaryCount]).toBe(2);
    expect(taskF64[taskRecordRow.index.finishNs]).toBe(5e6);
    expect(taskU32[taskRecordRow.index.checksum]).toBe(77);
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

  test("never replaces a file that is there", async () => {
    await expect(sealRecords(sample(), path)).rejects.toThrow("EEXIST");
  });
});
