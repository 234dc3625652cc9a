/** The result of the bench as one document: what was compared how, every row, the ratios, the goals. Pure. */
import type { Environment } from "../trial/trial.ts";
import type { Contestant, Family } from "./contestant.ts";
import {
  BEST_POOL,
  type Goal,
  goals,
  goalText,
  isNativeTrusted,
  type Judged,
  judgeGoal,
  perRound,
  type Results,
} from "./goals.ts";
import { type Figure, type FigureName, figures, type Job } from "./job.ts";
import { entrantsOf, type Row } from "./rounds.ts";
import { jobOf, type Shape, type Size } from "./shapes.ts";
import { type Ratio, ratioOf, type Spread, spreadOf } from "./spread.ts";

export interface PeersDocument {
  readonly environment: Environment;
  readonly size: Size;
  readonly roundCount: number;
  /** Of the order within the rounds. */
  readonly seed: number;
  readonly notes: readonly string[];
  readonly figures: Readonly<Record<FigureName, Figure>>;
  readonly contestants: readonly ContestantRow[];
  readonly shapes: readonly ShapeRow[];
  /** Of the shapes and contestants that were asked for. */
  readonly goals: readonly GoalRow[];
  /** Whether isoload leaves Tokio as fast as it is; where not, there is no ratio against native. */
  readonly isNativeTrusted: boolean;
  /** In the order in which they were measured. */
  readonly rows: readonly Row[];
}

export interface ContestantRow {
  readonly name: string;
  readonly family: Family;
  readonly setup: string;
  readonly version: string | null;
  /** null: it took part. */
  readonly absentBecause: string | null;
}

export interface ShapeRow {
  readonly name: string;
  readonly shows: string;
  readonly figures: readonly FigureName[];
  readonly results: readonly ShapeResult[];
}

/** A contestant at a shape, over all rounds. */
export interface ShapeResult {
  readonly contestant: string;
  readonly job: Job;
  readonly figures: Readonly<Partial<Record<FigureName, Spread>>>;
  /** work-stealing's first figure over this one's, within rounds; null for itself and for shares. */
  readonly workStealingOver: Ratio | null;
  /** Distinct reasons why rounds of it have no figures. */
  readonly faults: readonly string[];
}

export interface GoalRow extends Omit<Judged, "goal"> {
  readonly goal: string;
  readonly atLeast: number | null;
}

const OURS = "work-stealing";

const notes: readonly string[] = [
  "Empty-task figures are spawn and scheduler overhead, not a verdict on runtimes.",
  "work-stealing and native run through isoload with records on; bare Tokio and the pools record nothing but what is asked here.",
  "Every run is a process of its own, warmed up before it is measured, and counts only if every task's checksum is the reference's.",
  "Ratios are medians of the ratios within rounds, with the least and the greatest round.",
  "Pools run fewer empty tasks than the others, because theirs take longer: a rate needs no more of them.",
];

export interface Measured {
  readonly environment: Environment;
  readonly size: Size;
  readonly roundCount: number;
  readonly seed: number;
  readonly contestants: readonly Contestant[];
  readonly shapes: readonly Shape[];
  readonly versions: ReadonlyMap<string, string>;
  readonly absent: ReadonlyMap<string, string>;
  readonly rows: readonly Row[];
}

export function documentOf(measured: Measured): PeersDocument {
  const { environment, size, roundCount, seed, contestants, shapes, rows, versions, absent } = measured;
  const poolNames = contestants.filter(({ family }) => family === "pool").map(({ name }) => name);
  const results: Results = { rows, roundCount, poolNames };
  const isTrusted = isNativeTrusted(results);
  return {
    environment,
    size,
    roundCount,
    seed,
    notes,
    figures,
    contestants: contestants.map(({ name, family, setup }) => ({
      name,
      family,
      setup,
      version: versions.get(name) ?? null,
      absentBecause: absent.get(name) ?? null,
    })),
    shapes: shapes.map((shape) => ({
      name: shape.name,
      shows: shape.shows,
      figures: shape.figures,
      results: entrantsOf(shape, contestants).map((contestant) => ({
        contestant: contestant.name,
        job: jobOf(shape, { family: contestant.family, size, unitNs: environment.calibration.unitNs }),
        ...resultOf(shape, contestant.name, results, isTrusted),
      })),
    })),
    goals: goals
      .filter((goal) => isAsked(goal, measured))
      .map((goal) => {
        const { goal: _, ...judged } = judgeGoal(goal, results);
        return { goal: goalText(goal), atLeast: goal.kind === "equal" ? null : goal.atLeast, ...judged };
      }),
    isNativeTrusted: isTrusted,
    rows,
  };
}

/** Whether all that a goal compares was asked for. */
function isAsked(goal: Goal, { contestants, shapes }: Measured): boolean {
  const other = goal.kind === "ratio" ? [goal.over] : goal.kind === "equal" ? [goal.to] : [];
  return [goal.of, ...other].every(
    (cell) =>
      shapes.some(({ name }) => name === cell.shape) &&
      contestants.some(({ name, family }) =>
        cell.contestant === BEST_POOL ? family === "pool" : name === cell.contestant,
      ),
  );
}

function resultOf(
  shape: Shape,
  contestant: string,
  results: Results,
  isTrusted: boolean,
): Pick<ShapeResult, "figures" | "workStealingOver" | "faults"> {
  const valuesOf = (figure: FigureName, name: string): readonly (number | null)[] =>
    perRound({ shape: shape.name, contestant: name, figure }, results);
  const names = Object.keys(figures) as FigureName[];
  const spreads = names.flatMap((figure) => {
    const spread = spreadOf(valuesOf(figure, contestant).filter((value) => value !== null));
    return spread === null ? [] : [[figure, spread] as const];
  });
  const [compared] = shape.figures;
  const isTimes = figures[compared].unit !== "share";
  const hasRatio = isTimes && contestant !== OURS && (isTrusted || !contestant.startsWith("native"));
  const faults = results.rows.flatMap((row) =>
    row.shape === shape.name && row.contestant === contestant && row.outcome !== "measured"
      ? [row.because]
      : [],
  );
  return {
    figures: Object.fromEntries(spreads),
    workStealingOver: hasRatio ? ratioOf(valuesOf(compared, OURS), valuesOf(compared, contestant)) : null,
    faults: [...new Set(faults)],
  };
}
