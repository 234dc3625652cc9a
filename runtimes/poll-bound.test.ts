import { expect, test } from "vitest";
import { build } from "../workloads/trace/build.ts";
import { POLL_LIMIT, pollBound } from "./poll-bound.ts";
import { allocateRecords } from "./records.ts";
import { shapeFor } from "./records-room.ts";
import { workStealing } from "./work-stealing/work-stealing.ts";

const trace = build(
  {
    classes: [{ name: "task" }],
    measured: "task",
    windowNs: 0,
    connectionCount: 0,
    streams: [
      {
        release: { loop: "open", arrivals: { kind: "at-once", count: 10 } },
        variants: [
          {
            share: 1,
            class: "task",
            ops: [{ op: "yield" }, { op: "cpu", units: 1 }, { op: "sleep", ns: 1 }],
          },
        ],
      },
    ],
  },
  1,
  { periodNs: 0 },
);

test("a task is polled once more than it suspends, and a canary once", () => {
  expect(pollBound(trace, 7)).toBe(37);
});

test("a trace that may need more polls than indices can count is refused before anything starts", async () => {
  const records = allocateRecords(shapeFor(trace, 1));
  const start = workStealing.start({
    workerCount: 1,
    coreCount: 2,
    options: {},
    trace,
    records: { ...records, shape: { ...records.shape, canaryCapacity: POLL_LIMIT } },
    warmUp: trace,
    peerPort: null,
    unitNs: 1,
  });
  await expect(start).rejects.toThrow("takes at most 110000000 a trial");
});
