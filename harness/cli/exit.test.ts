import { expect, test } from "vitest";
import type { ResultDocument } from "../experiment/index.ts";
import { verdictOf } from "./exit.ts";

type Row = ResultDocument["trials"][number];

const rowOf = (
  outcome: Row["outcome"],
  refusal: Row["refusal"],
  { treatmentId = "t0", because = "others took 1.9 cores" } = {},
): Row =>
  ({
    id: `r0-${treatmentId}`,
    treatmentId,
    workload: "null",
    runtime: "ideal",
    threads: "1x",
    outcome,
    refusal,
    valid: refusal === null,
    invalidBecause: refusal === null ? [] : [because],
  }) as Partial<Row> as Row;

const treatmentOf = (id: string, controlOf: string | null): ResultDocument["treatments"][number] => ({
  ...{ id, controlOf, workload: "null", parameters: {}, runtime: "ideal", threads: "1x", workerCount: 1 },
});
const treatments = [treatmentOf("t0", null), treatmentOf("t1", null), treatmentOf("t2", "t0")];

const good = rowOf("completed", null);
const noisy = rowOf("completed", "noise");
const other = { treatmentId: "t1" };
const hole = rowOf("unsupported", "failure", other);

test.each([
  ["all are valid", [good, good], 0, [], []],
  [
    "one is refused among valid ones",
    [good, noisy],
    0,
    [],
    ["1 attempt was refused for noise and is not counted"],
  ],
  [
    "attempts are refused until one is valid",
    [noisy, noisy, good],
    0,
    [],
    ["2 attempts were refused for noise and are not counted"],
  ],
  ["a treatment is unsupported among valid ones", [good, hole], 0, [], []],
  [
    "nothing valid is left of one treatment",
    [good, rowOf("completed", "noise", other), rowOf("completed", "noise", { ...other, because: "steal" })],
    4,
    ["nothing valid is left of null on ideal at 1x: steal"],
    ["2 attempts were refused for noise and are not counted"],
  ],
  [
    "all are refused",
    [noisy, noisy],
    4,
    ["nothing valid is left of null on ideal at 1x: others took 1.9 cores", "nothing valid was measured"],
    ["2 attempts were refused for noise and are not counted"],
  ],
  [
    "nothing valid is left of a control",
    [good, rowOf("completed", "noise", { treatmentId: "t2" })],
    4,
    ["nothing valid is left of the control of null on ideal at 1x: others took 1.9 cores"],
    ["1 attempt was refused for noise and is not counted"],
  ],
  ["all are unsupported", [hole], 4, ["nothing valid was measured"], []],
  ["one crashed", [good, rowOf("crashed", "failure")], 4, [expect.stringMatching(/^r0-t0 .* crashed: /)], []],
  ["one timed out", [good, rowOf("timed-out", "failure")], 4, [expect.stringMatching(/ timed-out: /)], []],
  ["one diverged", [good, rowOf("diverged", "identity")], 4, [expect.stringMatching(/ diverged: /)], []],
  ["there is none", [], 4, ["nothing was measured"], []],
])("where %s", (_, trials, code, warnings, notes) => {
  expect(verdictOf({ trials, treatments })).toEqual({ code, warnings, notes });
});
