/** What the schedulers are to reach, beside what was measured. Missing a goal is a result, not an error. */
import type { FigureName } from "./job.ts";
import type { Row } from "./rounds.ts";
import { type PerRound, type Ratio, ratioOf, type Spread, spreadOf } from "./spread.ts";

/** A figure of one contestant at one shape. */
export interface Cell {
  readonly shape: string;
  readonly contestant: string;
  readonly figure: FigureName;
}

/** The fastest pool of a round stands for all of them. */
export const BEST_POOL = "best pool";

export type Goal =
  | { readonly kind: "ratio"; readonly of: Cell; readonly over: Cell; readonly atLeast: number }
  | { readonly kind: "share"; readonly of: Cell; readonly atLeast: number }
  /** In every round the same. */
  | { readonly kind: "equal"; readonly of: Cell; readonly to: Cell };

/** Judged first: as long as isoload slows Tokio down, a ratio against `native` says nothing about Tokio. */
export const trustGoals: readonly Goal[] = ["empty-chained", "empty-injected"].map((shape) =>
  ratio(shape, ["native", "bare-tokio"], 0.9),
);

export const goals: readonly Goal[] = [
  ...trustGoals,
  ratio("empty-injected", ["work-stealing", "piscina"], 100),
  ratio("empty-injected", ["work-stealing", BEST_POOL], 50),
  ratio("empty-chained", ["work-stealing", "bare-tokio"], 1.5),
  ratio("cpu-50us", ["work-stealing", "bare-tokio"], 0.95),
  ratio("cpu-50us", ["work-stealing", "piscina"], 2),
  ratio("cpu-50us", ["work-stealing", "ideal"], 0.85),
  { kind: "share", of: cell("blocked", "work-stealing", "soonShare"), atLeast: 0.99 },
  { kind: "share", of: cell("blocked", "native", "soonShare"), atLeast: 0.99 },
  late("work-stealing", "bare-tokio"),
  late("work-stealing:lifo=off", "bare-tokio:lifo=off"),
  late("native", "bare-tokio"),
  late("native:lifo=off", "bare-tokio:lifo=off"),
  {
    kind: "ratio",
    of: cell("cpu-50us-8-workers", "work-stealing", "perSecond"),
    over: cell("cpu-50us", "work-stealing", "perSecond"),
    atLeast: 0.9,
  },
];

export type Verdict = "ok" | "missed" | "not measured";

export interface Judged {
  readonly goal: Goal;
  /** null: not measured. */
  readonly measured: Ratio | Spread | null;
  /** What `of` is held against, where it is to be equal. */
  readonly target: Spread | null;
  readonly verdict: Verdict;
  /** How far the median is below the goal, as a share of the goal; null unless missed by a distance. */
  readonly missedByShare: number | null;
}

export interface Results {
  readonly rows: readonly Row[];
  readonly roundCount: number;
  readonly poolNames: readonly string[];
}

export function judgeGoal(goal: Goal, results: Results): Judged {
  const of = perRound(goal.of, results);
  if (goal.kind === "equal") return judgeEqual(goal, of, perRound(goal.to, results));
  const measured = goal.kind === "ratio" ? ratioOf(of, perRound(goal.over, results)) : spreadOf(present(of));
  if (measured === null)
    return { goal, measured, target: null, verdict: "not measured", missedByShare: null };
  const isReached = measured.median >= goal.atLeast;
  return {
    goal,
    measured,
    target: null,
    verdict: isReached ? "ok" : "missed",
    missedByShare: isReached ? null : 1 - measured.median / goal.atLeast,
  };
}

/** Whether ratios against `native` say something about Tokio. */
export function isNativeTrusted(results: Results): boolean {
  return trustGoals.every((goal) => judgeGoal(goal, results).verdict === "ok");
}

/** A figure in each round. */
export function perRound({ shape, contestant, figure }: Cell, results: Results): PerRound {
  const names = contestant === BEST_POOL ? results.poolNames : [contestant];
  return Array.from({ length: results.roundCount }, (_, round) => {
    const values = results.rows.flatMap((row) =>
      row.round === round &&
      row.shape === shape &&
      names.includes(row.contestant) &&
      row.outcome === "measured"
        ? [row.figures[figure]]
        : [],
    );
    const measured = values.filter((value) => value !== undefined);
    return measured.length === 0 ? null : Math.max(...measured);
  });
}

/** The goal as a sentence without its number. */
export function goalText(goal: Goal): string {
  const { of } = goal;
  if (goal.kind === "equal") return `${of.shape}: late tasks of ${of.contestant} as of ${goal.to.contestant}`;
  if (goal.kind === "share") return `${of.shape}: ${of.contestant}, done within 5 ms`;
  const { over } = goal;
  return of.shape === over.shape
    ? `${of.shape}: ${of.contestant} / ${over.contestant}`
    : `${of.contestant}: ${of.shape} / ${over.shape}`;
}

function judgeEqual(goal: Goal, of: PerRound, to: PerRound): Judged {
  const measured = spreadOf(present(of));
  const target = spreadOf(present(to));
  const isMeasured = measured !== null && target !== null;
  const isEqual = of.every((value, round) => value === to[round]);
  const verdict = !isMeasured ? "not measured" : isEqual ? "ok" : "missed";
  return { goal, measured, target, verdict, missedByShare: null };
}

function present(values: PerRound): number[] {
  return values.filter((value) => value !== null);
}

function cell(shape: string, contestant: string, figure: FigureName): Cell {
  return { shape, contestant, figure };
}

function ratio(shape: string, [of, over]: readonly [string, string], atLeast: number): Goal {
  return {
    kind: "ratio",
    of: cell(shape, of, "perSecond"),
    over: cell(shape, over, "perSecond"),
    atLeast,
  };
}

function late(of: string, to: string): Goal {
  return { kind: "equal", of: cell("blocked", of, "lateCount"), to: cell("blocked", to, "lateCount") };
}
