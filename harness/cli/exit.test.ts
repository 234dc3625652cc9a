import { expect, test } from "vitest";
import type { ResultDocument } from "../experiment/index.ts";
import { verdictOf } from "./exit.ts";

type Row = ResultDocument["trials"][number];

const rowOf = (outcome: Row["outcome"], valid: boolean): Row =>
  ({
    id: "r0-t0",
    workload: "null",
    runtime: "ideal",
    threads: "1x",
    outcome,
    valid,
    invalidBecause: valid ? [] : ["noise"],
  }) as Partial<Row> as Row;

const good = rowOf("completed", true);
const noisy = rowOf("completed", false);
const hole = rowOf("unsupported", false);

test.each([
  ["all are valid", [good, good], 0, 0],
  ["one is invalid among valid ones", [good, noisy], 0, 1],
  ["one is unsupported among valid ones", [good, hole], 0, 0],
  ["all are invalid", [noisy, noisy], 4, 3],
  ["all are unsupported", [hole], 4, 1],
  ["one crashed", [good, rowOf("crashed", false)], 4, 1],
  ["one timed out", [good, rowOf("timed-out", false)], 4, 1],
  ["one diverged", [good, rowOf("diverged", false)], 4, 1],
  ["there is none", [], 4, 1],
])("where %s", (_, trials, code, warningCount) => {
  const verdict = verdictOf({ trials });
  expect(verdict.code).toBe(code);
  expect(verdict.warnings).toHaveLength(warningCount);
});
