import { expect, test } from "vitest";
import type { TrialRow } from "./analyze.ts";
import { type Degradation, degradationByTrial, degradationOf } from "./degradation.ts";
import { sampleDocument, treatments } from "./fixtures/document.ts";
import { fileMetrics } from "./metrics/tree.ts";

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

const ofPlain = (trials: readonly TrialRow[]): Degradation => degradationOf(plain, both, trials);

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

test.each([
  ["a treatment without a control", degradationOf(plain, [plain], pair), "no control was asked for"],
  [
    "one that can have none",
    degradationOf({ ...plain, noControlBecause: "nothing blocks in it" }, [plain], pair),
    "nothing blocks in it",
  ],
  ["a control itself", degradationOf(control, both, pair), "it is the control of t0"],
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
    "no round has a valid trial of it and of its control",
  ],
  [
    "one with a control that takes no time",
    ofPlain([trial({ of: plain, p99: 30 }), trial({ of: control, p99: 0 })]),
    "too few responses for a percentile, or those of its control take no time",
  ],
])("%s has no ratio, and it is said why", (_, degradation, because) => {
  expect(degradation).toEqual({ p50: none, p90: none, p99: none, absentBecause: because });
});
