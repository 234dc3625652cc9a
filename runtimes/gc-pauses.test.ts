import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { beforeAll, describe, expect, test } from "vitest";
import { strideIn } from "../workloads/trace/layout.ts";
import type { GarbageStart } from "./fixtures/garbage-worker.ts";
import { laneRow, recordsHeaderRow, stretchKinds, stretchRow } from "./record.ts";
import { allocateRecords } from "./records.ts";

/** Some 0.3 s of work, so that many collections take place however busy the machine is. */
const READINGS = 1_000_000;
/** Half a bracket of the clocks, and what passes between a collection and its stamps. */
const TOLERANCE_NS = 20e3;

describe("a worker that makes garbage and never returns to its event loop", () => {
  const records = allocateRecords({
    laneCount: 2,
    taskCount: 0,
    canaryCapacity: 0,
    timerCapacity: 0,
    holdCapacity: 0,
    tickCapacity: 0,
    stretchCapacity: 10_000,
    idleRowMinNs: 0,
  });
  const readingsNs = new Float64Array(new SharedArrayBuffer(8 * READINGS));
  let pauses: { startNs: number; endNs: number; kind: number }[] = [];

  beforeAll(async () => {
    const start: GarbageStart = { records, readingsNs };
    const worker = new Worker(new URL("./fixtures/garbage-worker.js", import.meta.url), {
      workerData: start,
      // Small, so that there are many collections.
      resourceLimits: { maxYoungGenerationSizeMb: 2 },
    });
    await once(worker, "exit");
    pauses = Array.from({ length: records.laneU32[laneRow.index.stretchCount] as number }, (_, row) => {
      const times = records.stretchF64.subarray(row * strideIn(stretchRow, "f64"));
      const kind = records.stretchU16[row * strideIn(stretchRow, "u16") + stretchRow.index.kind] as number;
      return {
        startNs: times[stretchRow.index.startNs] as number,
        endNs: times[stretchRow.index.endNs] as number,
        kind,
      };
    });
  });

  /** Readings of the worker's clock within pauses, if these were `shiftNs` later. */
  function readingsWithin(shiftNs: number): number {
    let within = 0;
    let reading = 0;
    for (const { startNs, endNs } of pauses) {
      const fromNs = startNs + shiftNs + TOLERANCE_NS;
      const toNs = endNs + shiftNs - TOLERANCE_NS;
      while (reading < readingsNs.length && (readingsNs[reading] as number) <= fromNs) reading++;
      while (reading < readingsNs.length && (readingsNs[reading] as number) < toNs) {
        within++;
        reading++;
      }
    }
    return within;
  }

  test("has its pauses recorded, every one within the trial and after the one before", () => {
    expect(pauses.length).toBeGreaterThan(10);
    const endNs = records.headerF64[recordsHeaderRow.index.endNs] as number;
    pauses.forEach(({ startNs, endNs: pauseEndNs, kind }, index) => {
      expect(kind).toBe(stretchKinds.gc);
      expect(startNs).toBeGreaterThanOrEqual(pauses[index - 1]?.endNs ?? 0);
      expect(pauseEndNs).toBeLessThanOrEqual(endNs);
    });
  });

  test("has their sum and the longest in its lane, which says that none is missing", () => {
    const lengthsNs = pauses.map(({ startNs, endNs }) => endNs - startNs);
    expect(records.laneF64[laneRow.index.gcNs]).toBeCloseTo(
      lengthsNs.reduce((sum, lengthNs) => sum + lengthNs, 0),
      0,
    );
    expect(records.laneF64[laneRow.index.gcLongestNs]).toBe(Math.max(...lengthsNs));
    expect(records.laneU32[laneRow.index.gcWatched]).toBe(1);
    expect(records.laneU32[laneRow.index.stretchesLost]).toBe(0);
  });

  test("reads no clock within a pause; it would if the pauses were stamped 1 ms late or early", () => {
    expect(readingsWithin(0)).toBe(0);
    expect(readingsWithin(1e6)).toBeGreaterThan(0);
    expect(readingsWithin(-1e6)).toBeGreaterThan(0);
  });
});
