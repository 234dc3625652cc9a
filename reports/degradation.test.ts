import { expect, test } from "vitest";
import type { TrialRow } from "./analyze.ts";
import { type Compared, type Degradation, degradationByTrial, degradationOf } from "./degradation.ts";
import { sampleDocument, treatments } from "./fixtures/document.ts";
import { fileMetrics } from "./metrics/tree.ts";
import type { UnequalRefusals } from "./refusals.ts";

const [plain] = treatments;
const [row] = sampleDocument().trials;
if (plain === undefined || row === undefined) throw new Error("the sample has a treatment and a trial");

const control = { ...plain, id: "t0-control", controlOf: plain.id };
const both = [plain, control];

interface Made extends Partial<TrialRow> {
  readonly of: { readonly id: string };
  readonly p50?: number;
  readonly p99?: number;
}

/** A trial with these percentiles of its responses and no other figure. */
function trial({ of, p50, p99, ...changed }: Made): TrialRow {
  const figures: Readonly<Record<string, number | undefined>> = {
    "responseNs.p50": p50,
    "responseNs.p99": p99,
  };
  const round = changed.round ?? 0;
  const metrics = fileMetrics(({ name }) => figures[name] ?? null);
  return {
    ...row,
    metrics,
    id: `r${round}-${of.id}`,
    treatmentId: of.id,
    round,
    valid: true,
    ...changed,
  } as TrialRow;
}

const ofPlain = (trials: readonly TrialRow[], unequal: readonly UnequalRefusals[] = []): Degradation =>
  degradationOf(plain, { treatments: both, trials, unequal });

test("the ratio is that of a trial to the control of its own round", () => {
  const degradation = ofPlain([
    trial({ of: plain, p50: 20, p99: 900 }),
    trial({ of: control, p50: 10, p99: 100 }),
    trial({ of: plain, round: 1, p50: 9000, p99: 70_000 }),
    trial({ of: control, round: 1, p50: 3000, p99: 10_000 }),
  ]);
  expect(degradation).toEqual({
    p50: { n: 2, estimate: 2.5, interval: null },
    p90: { n: 0, estimate: null, interval: null },
    p99: { n: 2, estimate: 8, interval: null },
    isLowerBound: false,
    absentBecause: null,
  });
});

test("six rounds have an interval", () => {
  const rounds = [1, 2, 3, 4, 5, 6];
  const { p99 } = ofPlain(
    rounds.flatMap((round) => [
      trial({ of: plain, round, p99: 10 * round }),
      trial({ of: control, round, p99: 10 }),
    ]),
  );
  expect(p99).toEqual({ n: 6, estimate: 3.5, interval: { low: 1, high: 6, coverageShare: 0.96875 } });
});

test("a round without a valid trial of both is no pair", () => {
  const trials = [
    trial({ of: plain, p99: 30 }),
    trial({ of: control, p99: 10 }),
    trial({ of: plain, round: 1, p99: 9000 }),
    trial({ of: control, round: 1, p99: 1, valid: false }),
    trial({ of: plain, round: 2, p99: 9000, valid: false }),
    trial({ of: control, round: 2, p99: 1 }),
    trial({ of: plain, round: 3, p99: 9000 }),
  ];
  expect(ofPlain(trials).p99).toEqual({ n: 1, estimate: 3, interval: null });
  expect([...degradationByTrial("t0", "t0-control", trials)]).toEqual([
    ["r0-t0", { p50: null, p90: null, p99: 3 }],
  ]);
});

const pair = [trial({ of: plain, p99: 30 }), trial({ of: control, p99: 10 })];
const none = { n: 0, estimate: null, interval: null };
const alone: Compared = { treatments: [plain], trials: pair, unequal: [] };
const unfinished = { ...row.counts, unserved: 3 } as TrialRow["counts"];
const refusedUnequally: UnequalRefusals = {
  treatmentIds: ["t0", "t0-control"],
  refusedCounts: [9, 0],
  trialCounts: [10, 10],
  p: 0.0001,
};

test.each([
  ["a treatment without a control", degradationOf(plain, alone), "no control was asked for"],
  [
    "one that can have none",
    degradationOf({ ...plain, noControlBecause: "nothing blocks in it" }, alone),
    "nothing blocks in it",
  ],
  ["a control itself", degradationOf(control, { ...alone, treatments: both }), "it is the control of t0"],
  [
    "one whose control cannot run there",
    ofPlain([
      trial({ of: plain, p99: 30 }),
      trial({
        of: control,
        valid: false,
        outcome: "unsupported",
        invalidBecause: ['the runtime has no op "sleep"'],
        metrics: null,
      }),
    ]),
    'its control is unsupported: the runtime has no op "sleep"',
  ],
  [
    "one whose control was never valid",
    ofPlain([trial({ of: plain, p99: 30 }), trial({ of: control, p99: 10, valid: false })]),
    "no round has a valid trial of it and one of its control that finished all tasks",
  ],
  [
    "one whose control left tasks unfinished",
    ofPlain([trial({ of: plain, p99: 30 }), trial({ of: control, p99: 10, counts: unfinished })]),
    "no round has a valid trial of it and one of its control that finished all tasks",
  ],
  [
    "one that was refused more often than its control",
    ofPlain(pair, [refusedUnequally]),
    "inconclusive: it and its control were refused unequally often (9 and 0 of 10 and 10 trials, in the order of the plan)",
  ],
  [
    "one with a control that takes no time",
    ofPlain([trial({ of: plain, p99: 30 }), trial({ of: control, p99: 0 })]),
    "too few responses for a percentile, or those of its control take no time",
  ],
])("%s has no ratio, and it is said why", (_, degradation, because) => {
  expect(degradation).toEqual({
    ...{ p50: none, p90: none, p99: none },
    ...{ isLowerBound: false, absentBecause: because },
  });
});

test("a ratio is a lower bound where a trial left tasks unfinished, and another pair's refusals do not touch it", () => {
  const others = { ...refusedUnequally, treatmentIds: ["t0", "t1"] } as const;
  expect(ofPlain(pair, [others])).toMatchObject({ p99: { estimate: 3 }, isLowerBound: false });
  const left = [trial({ of: plain, p99: 30, counts: unfinished }), trial({ of: control, p99: 10 })];
  expect(ofPlain(left)).toMatchObject({ p99: { estimate: 3 }, isLowerBound: true });
});
