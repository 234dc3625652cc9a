import { expect, test } from "vitest";
import { recordsHeaderRow, tickRow } from "../../runtimes/record.ts";
import { Recorder } from "../../runtimes/recorder.ts";
import { allocateRecords, type Records } from "../../runtimes/records.ts";
import { shapeFor } from "../../runtimes/records-room.ts";
import { build } from "../../workloads/trace/build.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import { watchTrial } from "./witness.ts";

const HEADER = recordsHeaderRow.index;

function traceOf(windowNs: number): Trace {
  return build(
    {
      classes: [{ name: "a" }],
      measured: "a",
      windowNs,
      connectionCount: 0,
      streams: [
        {
          release: { loop: "open", arrivals: { kind: "at-once", count: 2 } },
          variants: [{ share: 1, class: "a", ops: [] }],
        },
      ],
    },
    1,
    { periodNs: 1e6 },
  );
}

/** A clock that moves 0.4 ms a reading, and what happens at its readings. */
function scripted(steps: Readonly<Record<number, () => void>>): () => number {
  let reading = 0;
  return () => {
    steps[reading]?.();
    return reading++ * 0.4e6;
  };
}

const watching = (trace: Trace, records: Records, clock: () => number, hasLeft = () => false) =>
  watchTrial({ trace, records, clock, hasLeft, onProgress: () => undefined, onLook: () => undefined });

test("the witness ends a trial when all tasks have ended, nothing more is released and all canaries of each kind have run", async () => {
  const trace = traceOf(0);
  const records = allocateRecords(shapeFor(trace, 1));
  const worker = new Recorder(records, 0);
  const releaser = new Recorder(records, 1);
  const seen: number[] = [];
  const clock = scripted({
    2: () => releaser.submitted(0, 0),
    3: () => releaser.submitted(1, 0),
    10: () => worker.finished(0, 1, 0),
    20: () => worker.finished(1, 1, 0),
    30: () => {
      seen.push(Atomics.load(records.headerI32, HEADER.tasksEnded));
      releaser.canarySubmitted(0, 1, 1);
      Atomics.store(records.headerI32, HEADER.releaseEnded, 1);
    },
    40: () => worker.canaryRan(0, 2),
    // The second timer canary, due after 10 ms, is none of the trial: its tasks ended at 8 ms.
    50: () => worker.timerRan(0, 3),
    60: () => worker.localRan(0, 4),
  });
  expect(await watching(trace, records, clock)).toBe("all-ended");
  expect(seen).toEqual([1]);
  expect(records.headerF64[HEADER.endNs]).toBeGreaterThanOrEqual(60 * 0.4e6);
  expect(records.headerF64[HEADER.endNs]).toBeLessThan(64 * 0.4e6);
  expect(records.headerI32[HEADER.timerCount]).toBe(1);
});

test("a trial ends no earlier than its last task, though the witness lost its core between clock and counters", async () => {
  const trace = traceOf(0);
  const records = allocateRecords(shapeFor(trace, 1));
  const worker = new Recorder(records, 0);
  Atomics.store(records.headerI32, HEADER.releaseEnded, 1);
  for (const timer of [0, 1, 2, 3]) worker.timerRan(timer, 1);
  let nowNs = 0;
  const clock = (): number => {
    const readNs = nowNs;
    nowNs += 0.4e6;
    if (readNs >= 5e6 && nowNs < 35e6) {
      nowNs = 35e6;
      for (const task of [0, 1]) worker.finished(task, 34e6, 0);
    }
    return readNs;
  };
  expect(await watching(trace, records, clock)).toBe("all-ended");
  expect(records.headerF64[HEADER.endNs]).toBeGreaterThanOrEqual(34e6);
  // One in ten canary periods of 1 ms, each due within its own.
  expect(records.headerI32[HEADER.timerCount]).toBeGreaterThanOrEqual(3);
});

test("an open trial lasts for its window, also where everything is done before", async () => {
  const trace = traceOf(30e6);
  const records = allocateRecords(shapeFor(trace, 1));
  const worker = new Recorder(records, 0);
  worker.finished(0, 1, 0);
  worker.finished(1, 1, 0);
  for (const timer of [0, 1, 2]) worker.timerRan(timer, 1);
  Atomics.store(records.headerI32, HEADER.releaseEnded, 1);
  expect(await watching(trace, records, scripted({}))).toBe("all-ended");
  expect(records.headerF64[HEADER.endNs]).toBeGreaterThanOrEqual(30e6);
});

test("the cut-off comes whether or not the runtime does anything", async () => {
  const trace = { ...traceOf(0), drainNs: 25e6 };
  const records = allocateRecords(shapeFor(trace, 1));
  expect(await watching(trace, records, scripted({}))).toBe("cut-off");
  expect(records.headerF64[HEADER.endNs]).toBeGreaterThanOrEqual(25e6);
});

test("a runtime that leaves by itself ends the trial at once", async () => {
  const trace = traceOf(0);
  const records = allocateRecords(shapeFor(trace, 1));
  let reads = 0;
  expect(await watching(trace, records, scripted({}), () => ++reads > 3)).toBe("left-early");
});

test("the death of a runtime goes through to the caller", async () => {
  const trace = traceOf(0);
  const records = allocateRecords(shapeFor(trace, 1));
  const dead = (): boolean => {
    throw new Error("the worker died");
  };
  await expect(watching(trace, records, scripted({}), dead)).rejects.toThrow("the worker died");
});

test("every tick has its row, those that came late too, with the number in flight", async () => {
  const trace = { ...traceOf(0), drainNs: 12e6 };
  const records = allocateRecords(shapeFor(trace, 1));
  new Recorder(records, 1).submitted(0, 0);
  let nowNs = 0;
  // From 3 ms to 9 ms the witness does not run.
  const clock = (): number => {
    nowNs += nowNs >= 3e6 && nowNs < 4e6 ? 6e6 : 0.5e6;
    return nowNs;
  };
  expect(await watching(trace, records, clock)).toBe("cut-off");
  const stride = tickRow.strideBytes / 8;
  const rows = Array.from({ length: Atomics.load(records.headerI32, HEADER.tickCount) }, (_, tick) => ({
    dueNs: records.tickF64[tick * stride + tickRow.index.dueNs],
    atNs: records.tickF64[tick * stride + tickRow.index.atNs],
    inFlight: records.tickU32[tick * 2 * stride + tickRow.index.inFlight],
  }));
  expect(rows.map(({ dueNs }) => dueNs)).toEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((ms) => ms * 1e6),
  );
  expect(rows.slice(3, 9).every(({ atNs }) => atNs === 9e6)).toBe(true);
  expect(rows.every(({ inFlight }) => inFlight === 1)).toBe(true);
});
