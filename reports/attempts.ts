/**
 * Attempts: which refused trials are run again, how often, and within what time.
 *
 * A trial that was refused for noise says nothing about its runtime, so it gets another attempt: the same treatment
 * on the same trace, after all trials of its round have had one. Every attempt is kept and shown. Whatever else goes
 * wrong (a crash, work that is not proven) is a result, and another attempt would only hide it.
 *
 * The plan lists first attempts only and never changes. Which attempts follow is a function of it and of the rows, so
 * that a run that was killed goes on as if it never had been.
 */
import type { Plan, PlannedTrial } from "../harness/trial/trial.ts";
import type { TrialRow } from "./analyze.ts";

/** Of one trial, the first included. */
export const ATTEMPT_LIMIT = 3;

type Trials = Pick<Plan, "trials">;

/** Every trial that a run of the plan may have, in the document's order: by round, then attempt, then plan. */
export function possibleTrials(plan: Trials): PlannedTrial[] {
  return possibilities(plan).map(({ trial }) => trial);
}

export interface FurtherAttempts {
  /** In the document's order. */
  readonly due: readonly PlannedTrial[];
  /** Those for which no time is left. */
  readonly outOfTime: readonly PlannedTrial[];
}

/**
 * The attempts that refused trials should get next. All of them together may take as long as the plan's own trials, so
 * that no run takes more than twice its planned time.
 *
 * The planned time is the mean time of the first attempts so far (from starting a trial's process to its end) times
 * the number of trials in the plan. An attempt is due while there is time for it beside those that are due before it,
 * if each takes as long as the one that was refused.
 */
export function furtherAttempts(plan: Trials, rows: readonly TrialRow[]): FurtherAttempts {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const firsts = rows.filter(({ attempt }) => attempt === 1);
  const plannedNs = (totalNs(firsts) / Math.max(1, firsts.length)) * plan.trials.length;
  let leftNs = plannedNs - totalNs(rows.filter(({ attempt }) => attempt > 1));
  const due: PlannedTrial[] = [];
  const outOfTime: PlannedTrial[] = [];
  for (const { trial, before } of possibilities(plan)) {
    const refused = before === null ? undefined : byId.get(before.id);
    if (refused?.refusal !== "noise" || byId.has(trial.id)) continue;
    if (refused.tookNs > leftNs) {
      outOfTime.push(trial);
      continue;
    }
    due.push(trial);
    leftNs -= refused.tookNs;
  }
  return { due, outOfTime };
}

/** Attempts that nothing called for: the one before is not there, or was not refused for noise. */
export function uncalledFor(plan: Trials, rows: readonly TrialRow[]): PlannedTrial[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return possibilities(plan)
    .filter(({ before }) => before !== null && byId.get(before.id)?.refusal !== "noise")
    .map(({ trial }) => trial)
    .filter(({ id }) => byId.has(id));
}

/** How many trials there will be, unless more are refused. */
export function expectedTrialCount(plan: Trials, rows: readonly TrialRow[]): number {
  const known = new Set(rows.map(({ id }) => id));
  const missingCount = plan.trials.filter(({ id }) => !known.has(id)).length;
  return rows.length + missingCount + furtherAttempts(plan, rows).due.length;
}

interface Possibility {
  readonly trial: PlannedTrial;
  /** The attempt that has to be refused first; null: it is a first one. */
  readonly before: PlannedTrial | null;
}

function possibilities({ trials }: Trials): Possibility[] {
  const rounds = new Map<number, PlannedTrial[]>(trials.map(({ round }) => [round, []]));
  for (const trial of trials) rounds.get(trial.round)?.push(trial);
  const attempts = Array.from({ length: ATTEMPT_LIMIT }, (_, index) => index + 1);
  return [...rounds.values()].flatMap((ofRound) =>
    attempts.flatMap((attempt) =>
      ofRound.map((first) => ({
        trial: attemptOf(first, attempt),
        before: attempt === 1 ? null : attemptOf(first, attempt - 1),
      })),
    ),
  );
}

function attemptOf(first: PlannedTrial, attempt: number): PlannedTrial {
  return attempt === 1 ? first : { ...first, id: `${first.id}-a${attempt}`, attempt };
}

function totalNs(rows: readonly TrialRow[]): number {
  return rows.reduce((sum, { tookNs }) => sum + tookNs, 0);
}
