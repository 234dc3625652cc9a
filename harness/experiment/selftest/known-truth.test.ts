/** The judgement of every family of cases: right on what the reference model yields, wrong on anything else. */
import { describe, expect, test } from "vitest";
import { allHeldOf } from "../../../reports/metrics/all-held.ts";
import { canariesOf } from "../../../reports/metrics/canaries.ts";
import { NO_SPANS } from "../../../reports/metrics/spans.ts";
import { FIRST_POLL, SUBMITTED, TASK_DOUBLES } from "../../../reports/rows.ts";
import { figureOf } from "../figure.ts";
import { figuresAgainstIdeal, randomBlocks } from "./against-ideal.ts";
import { isWithin } from "./answer.ts";
import { allHeldFigure, queueFigures } from "./deterministic.ts";
import { refusalOf } from "./disturbed.ts";
import { idealTrial, judgedAs, sayingOf } from "./fixtures/trials.ts";
import { freezeFigures, freezeTrace } from "./freeze.ts";
import { type KnownLoad, knownLoads } from "./known-loads.ts";
import { blocksTrace, HALF_WAY_NS, MS } from "./loads.ts";
import { knownSplit, splitFigures } from "./partitioned.ts";
import { rearmedAnswer, rearmedDelaysNs, rearmedFigures } from "./rearmed.ts";
import { pacedTrace, waitFigures } from "./wait-agreement.ts";

const names = (figures: readonly { name: string; said: number | null; truth: number; tolerance: number }[]) =>
  figures.filter((figure) => !isWithin({ ...figure, unit: "ns" })).map(({ name }) => name);

describe.each(knownLoads)("$name", (known) => {
  test("is what the reference model yields, and is not where blocks are a tenth longer", async () => {
    const trial = await idealTrial(blocksTrace(known, HALF_WAY_NS), known.workerCount);
    for (const { said, truth } of queueFigures(known, trial)) expect(said).toBeCloseTo(truth, 9);
    if (known.allHeldShare === 0) return;
    const longer = { ...known, blockMs: 1.1 * known.blockMs };
    const other = await idealTrial(blocksTrace(longer, HALF_WAY_NS), known.workerCount);
    expect(names(queueFigures(known, other))).toEqual(
      expect.arrayContaining(["all held", "canary mean", "canary max"]),
    );
    expect(isWithin(allHeldFigure(known, other))).toBe(false);
  });

  test("looks to a canary that re-arms as the table says, to 1e-9", async () => {
    const { trace, records } = await idealTrial(blocksTrace(known, HALF_WAY_NS), known.workerCount);
    const { windowNs } = trace;
    const { held } = allHeldOf({ trace, records, canaries: canariesOf(records, windowNs), windowNs });
    for (const { said, truth } of rearmedFigures(known, held)) expect(said).toBeCloseTo(truth, 9);
    if (known.allHeldShare === 0) return;
    // A canary that saw everything, or one that saw nothing at all, is not the wrong one of the table.
    expect(names(rearmedFigures(known, NO_SPANS))).toContain("canaries");
  });
});

test("a canary that re-arms is due one period after it ran", () => {
  const held = { startsNs: Float64Array.of(1 * MS), endsNs: Float64Array.of(4 * MS) };
  expect([...rearmedDelaysNs(held, 6 * MS)]).toEqual([0, 2.5 * MS, 0]);
});

test("our canary must say more than the one that re-arms", async () => {
  const known = knownLoads.find(({ name }) => name === "D1") as KnownLoad;
  const trial = await idealTrial(blocksTrace(known, HALF_WAY_NS), known.workerCount);
  expect(rearmedAnswer("it", known, [trial])).toMatchObject({ verdict: "ok" });
  const blind = { ...trial, row: sayingOf({ canaryDelayNs: { mean: 0.995 * MS } }).row };
  expect(rearmedAnswer("it", known, [blind])).toMatchObject({
    verdict: "wrong",
    remark: expect.stringContaining("blind"),
  });
});

describe("a random trace", () => {
  const trace = randomBlocks(2, 1);

  test("on the reference model is itself, also through measured lengths", async () => {
    const trial = await idealTrial(trace, 2);
    for (const { said, truth } of figuresAgainstIdeal(trial, { workerCount: 2, hasOneQueue: true })) {
      expect(said ?? Number.NaN).toBeCloseTo(truth, 3);
    }
  });

  test("with a worker more or less is not, and nor are figures that somebody changed", async () => {
    const trial = await idealTrial(trace, 3);
    const figures = figuresAgainstIdeal(trial, { workerCount: 2, hasOneQueue: true });
    expect(names(figures)).toEqual(["all held", "canary mean", "canary p99"]);
    expect(names(figuresAgainstIdeal(trial, { workerCount: 2, hasOneQueue: false }))).toEqual(["all held"]);
    const allHeldShare = figureOf(trial.row, "allHeldShare");
    const missed = (said: Parameters<typeof sayingOf>[0]): string[] =>
      names(
        figuresAgainstIdeal({ ...trial, row: sayingOf(said).row }, { workerCount: 3, hasOneQueue: false }),
      );
    const conserved = { violatedShare: 0.009 };
    expect(missed({ allHeldShare, conservation: conserved })).toEqual([]);
    expect(missed({ allHeldShare: 0.5, conservation: conserved })).toEqual(["all held"]);
    expect(missed({ allHeldShare, conservation: { violatedShare: 0.011 } })).toEqual([
      "waiting beside a resting worker",
    ]);
    expect(missed({ allHeldShare, conservation: { violatedShare: null } })).toEqual([
      "waiting beside a resting worker",
    ]);
  });
});

describe("queues apart", () => {
  const apart = { windowMs: 400, blockMs: 100, dueMs: [50, 100] };
  const together = { windowMs: 400, blockMs: 100, dueMs: [50, 50] };

  test("leave half of the waiting to the scheduler where the blocks overlap by half, and none where they coincide", () => {
    // Canaries spread evenly over the queues wait as long while the other worker idles as while it is held.
    expect(knownSplit(apart).allHeldShare).toBe(0.125);
    expect(knownSplit(apart).schedulerShare).toBeGreaterThan(0.45);
    expect(knownSplit(apart).schedulerShare).toBeLessThan(0.55);
    expect(knownSplit(together)).toEqual({ allHeldShare: 0.25, schedulerShare: 0 });
  });

  test("are not what one queue yields, nor what a split without the scheduler says", async () => {
    const trial = await idealTrial(blocksTrace(apart, HALF_WAY_NS), 2);
    expect(names(splitFigures(knownSplit(apart), trial))).toEqual(["waiting that is the scheduler's"]);
    const said = (schedulerShare: number, allHeldShare: number): ReturnType<typeof sayingOf> =>
      sayingOf({ allHeldShare, cause: { schedulerShare } });
    const known = { allHeldShare: 0.125, schedulerShare: 0.5 };
    expect(names(splitFigures(known, said(0.49, 0.126)))).toEqual([]);
    expect(names(splitFigures(known, said(0.4, 0.126)))).toEqual(["waiting that is the scheduler's"]);
    expect(names(splitFigures(known, said(0.49, 0.2)))).toEqual(["all held"]);
    expect(names(splitFigures({ allHeldShare: 0.25, schedulerShare: 0 }, said(0.03, 0.25)))).toEqual([
      "waiting that is the scheduler's",
    ]);
  });
});

test("a planted freeze is found by its length and its time, and another one is not it", async () => {
  expect(names(freezeFigures(await idealTrial(freezeTrace(2), 2)))).toEqual([]);
  // A third worker goes on: nothing froze.
  expect(names(freezeFigures(await idealTrial(freezeTrace(2), 3)))).toEqual(["longest freeze", "from"]);
  const saying = (ms: number, atMs: number): string[] =>
    names(freezeFigures(sayingOf({ longestFreezeNs: ms * MS, longestFreezeAtNs: atMs * MS })));
  expect(saying(99, 150.9)).toEqual([]);
  expect(saying(90, 150.9)).toEqual(["longest freeze"]);
  expect(saying(99, 50)).toEqual(["from"]);
});

test("our waits agree with Tokio's where they lie in its bucket or the next, and not further off", async () => {
  const { records } = await idealTrial(pacedTrace(), 1);
  for (const waited of [0, 1, 2, 3, 4]) {
    for (let task = 0; task < records.shape.taskCount; task++) {
      records.taskF64[task * TASK_DOUBLES + SUBMITTED] = 0;
      records.taskF64[task * TASK_DOUBLES + FIRST_POLL] = 100 * waited + 50;
    }
    const stats = Object.fromEntries(
      [50, 90, 99].flatMap((percent) => [
        [`scheduleLatencyP${percent}FromNs`, 200],
        [`scheduleLatencyP${percent}ToNs`, 300],
      ]),
    );
    const off = names(waitFigures(records, stats));
    expect(off).toEqual(Math.abs(waited - 2) <= 1 ? [] : ["wait p50", "wait p90", "wait p99"]);
  }
  expect(names(waitFigures(records, {}))).toEqual(["wait p50", "wait p90", "wait p99"]);
});

describe("a disturbed trial", () => {
  const why = ["foreign CPU took 1.9 of a core"];
  test.each([
    ["is refused for it", judgedAs({ valid: false, refusal: "noise", invalidBecause: why }), "ok"],
    ["must not count as valid", judgedAs({}), "wrong"],
    [
      "must not be refused for something else",
      judgedAs({ valid: false, refusal: "noise", invalidBecause: ["lag"] }),
      "wrong",
    ],
    [
      "must not break",
      judgedAs({ valid: false, refusal: "failure", outcome: "crashed", invalidBecause: why }),
      "wrong",
    ],
  ])("%s", (_, trial, verdict) => {
    expect(refusalOf("it", trial, /foreign CPU/).verdict).toBe(verdict);
  });
});
