/** Exit codes, and which one a result deserves. */
import type { ResultDocument } from "../experiment/index.ts";

export const OK = 0;
/** The machine would spoil results (`doctor`). */
export const MISSED = 1;
export const USAGE = 2;
export const INVALID = 4;
export const RUNTIME_MISSING = 5;
export const DEFECT = 70;

/** Why a run stopped early. */
export class Interruption extends Error {
  readonly exitCode: number;

  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`interrupted by ${signal}`);
    this.name = "Interruption";
    this.exitCode = signal === "SIGINT" ? 130 : 143;
  }
}

export interface Verdict {
  readonly code: number;
  /** For the user, on standard error. */
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

type Row = ResultDocument["trials"][number];

/**
 * No data is never 0: a run is invalid where nothing valid is left of a treatment, unless all it lacks is an op and
 * something else was measured, and where a trial crashed, did not end, or did other work than it should.
 */
export function verdictOf({ trials, treatments }: Pick<ResultDocument, "trials" | "treatments">): Verdict {
  const controls = new Set(treatments.filter(({ controlOf }) => controlOf !== null).map(({ id }) => id));
  const textOf = ({ treatmentId, workload, runtime, threads }: Row): string =>
    `${controls.has(treatmentId) ? "the control of " : ""}${workload} on ${runtime} at ${threads}`;
  const broken = trials.filter(({ outcome }) => ["crashed", "timed-out", "diverged"].includes(outcome));
  const refused = trials.filter(({ refusal }) => refusal === "noise");
  const spoiled = lastOfEach(trials).filter(
    ({ treatmentId, refusal }) =>
      refusal === "noise" && !trials.some((trial) => trial.treatmentId === treatmentId && trial.valid),
  );
  const hasValid = trials.some(({ valid }) => valid);
  const warnings = [
    ...broken.map((row) => `${row.id} (${textOf(row)}) ${row.outcome}${reasonsText(row)}`),
    ...spoiled.map((row) => `nothing valid is left of ${textOf(row)}${reasonsText(row)}`),
    ...(hasValid ? [] : [trials.length === 0 ? "nothing was measured" : "nothing valid was measured"]),
  ];
  const isOk = hasValid && broken.length === 0 && spoiled.length === 0;
  return { code: isOk ? OK : INVALID, warnings, notes: refusedNotes(refused.length) };
}

/** The last trial of every treatment. */
function lastOfEach(trials: readonly Row[]): Row[] {
  return [...new Map(trials.map((trial) => [trial.treatmentId, trial])).values()];
}

function refusedNotes(count: number): string[] {
  if (count === 0) return [];
  const what =
    count === 1
      ? "1 attempt was refused for noise and is"
      : `${count} attempts were refused for noise and are`;
  return [`${what} not counted`];
}

function reasonsText({ invalidBecause }: Row): string {
  return invalidBecause.length === 0 ? "" : `: ${invalidBecause.join("; ")}`;
}
