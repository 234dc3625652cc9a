import { expect, test } from "vitest";
import { opNameOf, opNames } from "../workloads/trace/op.ts";
import { OP_CODE, OP_U32 } from "../workloads/trace/trace.ts";
import { planRehearsal } from "./rehearsal.ts";

const plan = { dequeCount: 0, injectorCount: 1 };

test("a rehearsal is for all workers and the releaser, and has every op but echoes", () => {
  const { stage, threadCount } = planRehearsal({ ...plan, workerCount: 3 });
  const { trace, records } = stage;
  expect(threadCount).toBe(4);
  expect(records.shape.laneCount).toBe(4);
  const names = Array.from({ length: trace.opCount }, (_, op) =>
    opNameOf(trace.opU32[op * OP_U32 + OP_CODE] as number),
  );
  expect(opNames.filter((name) => !names.includes(name))).toEqual(["echo"]);
});

test("each worker more is held as often as the others", () => {
  const counts = [1, 2, 3].map((workerCount) => {
    const { trace } = planRehearsal({ ...plan, workerCount }).stage;
    return trace.taskCount;
  });
  expect(counts.map((count) => count - (counts[0] ?? 0))).toEqual([0, 5, 10]);
});

test("a scheduler that shares memory gets memory of its own for it, for so many ids", () => {
  const { stage } = planRehearsal({
    ...{ ...plan, workerCount: 2 },
    sharedWords: ({ idCount }) => new Int32Array(new SharedArrayBuffer(4 * idCount)),
  });
  expect(stage.shared.length).toBeGreaterThan(stage.trace.taskCount);
});
