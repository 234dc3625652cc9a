import { describe, expect, test } from "vitest";
import type { PlannedTrial } from "../harness/trial/trial.ts";
import type { Refusal, TrialRow } from "./analyze.ts";
import { expectedTrialCount, furtherAttempts, possibleTrials, uncalledFor } from "./attempts.ts";

const trials = ["r0-t1", "r0-t0", "r1-t0", "r1-t1"].map(
  (id): PlannedTrial => ({
    id,
    treatmentId: id.slice(3),
    round: Number(id[1]),
    attempt: 1,
    traceHash: `trace of ${id.slice(0, 2)}`,
  }),
);
const plan = { trials };

/** The row of an attempt that took `tookS` seconds; refused for `refusal`, or valid. */
function row(id: string, refusal: Refusal | null = null, tookS = 1): TrialRow {
  const planned = possibleTrials(plan).find((trial) => trial.id === id);
  return {
    ...planned,
    refusal,
    valid: refusal === null,
    tookNs: tookS * 1e9,
  } as Partial<TrialRow> as TrialRow;
}

const due = (...rows: readonly TrialRow[]): string[] => furtherAttempts(plan, rows).due.map(({ id }) => id);
const outOfTime = (...rows: readonly TrialRow[]): string[] =>
  furtherAttempts(plan, rows).outOfTime.map(({ id }) => id);

test("a further attempt is the same trial under an id of its own", () => {
  const [again] = furtherAttempts(plan, [row("r0-t1", "noise")]).due;
  expect(again).toEqual({ ...trials[0], id: "r0-t1-a2", attempt: 2 });
});

test("trials stand by round, then attempt, then plan", () => {
  expect(possibleTrials(plan).map(({ id }) => id)).toEqual([
    ...["r0-t1", "r0-t0", "r0-t1-a2", "r0-t0-a2", "r0-t1-a3", "r0-t0-a3"],
    ...["r1-t0", "r1-t1", "r1-t0-a2", "r1-t1-a2", "r1-t0-a3", "r1-t1-a3"],
  ]);
});

describe("another attempt is due", () => {
  test("for noise, and for nothing else", () => {
    expect(due(row("r0-t1", "noise"))).toEqual(["r0-t1-a2"]);
    expect(due(row("r0-t1", "identity"), row("r0-t0", "failure"), row("r1-t0"))).toEqual([]);
  });

  test("until one is valid, and at most twice", () => {
    const first = row("r0-t1", "noise");
    expect(due(first, row("r0-t1-a2"))).toEqual([]);
    expect(due(first, row("r0-t1-a2", "noise"))).toEqual(["r0-t1-a3"]);
    expect(due(first, row("r0-t1-a2", "noise"), row("r0-t1-a3", "noise"))).toEqual([]);
  });

  test("of all trials of a round before any gets its third", () => {
    const rows = [row("r0-t1", "noise"), row("r0-t0", "noise"), row("r0-t1-a2", "noise")];
    expect(due(...rows)).toEqual(["r0-t0-a2", "r0-t1-a3"]);
  });
});

describe("further attempts together take no longer than the plan's trials", () => {
  test("counted at the mean of the first attempts so far", () => {
    // Four trials of 1 s are planned, and 3 s of further attempts are spent.
    const spent = [row("r0-t1", "noise", 1), row("r0-t0", "noise", 1), row("r0-t1-a2", "noise", 3)];
    expect(due(...spent)).toEqual(["r0-t0-a2"]);
    // The third attempt would take as long as the second did.
    expect(outOfTime(...spent)).toEqual(["r0-t1-a3"]);
  });

  test("those that are due together included", () => {
    const spent = [row("r0-t1", "noise"), row("r0-t0", "noise"), row("r0-t1-a2", "noise", 3)];
    expect(due(...spent)).toEqual(["r0-t0-a2"]);
    const cheap = spent.map((one) => (one.attempt === 2 ? { ...one, tookNs: 2e9 } : one));
    expect(due(...cheap)).toEqual(["r0-t0-a2"]);
    expect(due(...cheap.map((one) => (one.attempt === 2 ? { ...one, tookNs: 1.5e9 } : one)))).toEqual([
      ...["r0-t0-a2", "r0-t1-a3"],
    ]);
  });

  test("to the last nanosecond", () => {
    const rows = (lastS: number): TrialRow[] => [
      ...[
        row("r0-t1", "noise"),
        row("r0-t0", "noise"),
        row("r0-t1-a2"),
        row("r0-t0-a2"),
        row("r1-t0", "noise"),
      ],
      ...[row("r1-t0-a2"), row("r1-t1", "noise", lastS)],
    ];
    expect(due(...rows(1))).toEqual(["r1-t1-a2"]);
    // A first attempt that takes longer has a longer planned time, by a quarter of itself in each of four trials.
    expect(due(...rows(1.5))).toEqual(["r1-t1-a2"]);
    const spent = rows(1).map((one) => (one.id === "r1-t0-a2" ? { ...one, tookNs: one.tookNs + 1 } : one));
    expect(due(...spent)).toEqual([]);
    expect(outOfTime(...spent)).toEqual(["r1-t1-a2"]);
  });
});

test("an attempt is uncalled for unless the one before was refused for noise", () => {
  const uncalled = (...rows: readonly TrialRow[]): string[] => uncalledFor(plan, rows).map(({ id }) => id);
  expect(uncalled(row("r0-t1", "noise"), row("r0-t1-a2"))).toEqual([]);
  expect(uncalled(row("r0-t1"), row("r0-t1-a2"))).toEqual(["r0-t1-a2"]);
  expect(uncalled(row("r0-t1", "failure"), row("r0-t1-a2"))).toEqual(["r0-t1-a2"]);
  expect(uncalled(row("r0-t1", "noise"), row("r0-t1-a3"))).toEqual(["r0-t1-a3"]);
});

test("the trials to come are those of the plan and the attempts that are due", () => {
  expect(expectedTrialCount(plan, [])).toBe(4);
  expect(expectedTrialCount(plan, [row("r0-t1", "noise")])).toBe(5);
  expect(expectedTrialCount(plan, [row("r0-t1", "noise"), row("r0-t1-a2")])).toBe(5);
});
