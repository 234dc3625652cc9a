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
}

/** No data is never 0: a run in which nothing valid was measured is invalid. */
export function verdictOf({ trials }: Pick<ResultDocument, "trials">): Verdict {
  const warnings = trials
    .filter(({ valid, outcome }) => !valid && outcome !== "unsupported")
    .map(({ id, workload, runtime, threads, outcome, invalidBecause }) => {
      const reasons = invalidBecause.length === 0 ? "" : `: ${invalidBecause.join("; ")}`;
      return `${id} (${workload} on ${runtime} at ${threads}) ${outcome}${reasons}`;
    });
  const isBroken = trials.some(({ outcome }) => ["crashed", "timed-out", "diverged"].includes(outcome));
  const hasValid = trials.some(({ valid }) => valid);
  if (!hasValid) warnings.push(trials.length === 0 ? "nothing was measured" : "nothing valid was measured");
  return { code: isBroken || !hasValid ? INVALID : OK, warnings };
}
