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

/** No data is never 0: a run that leaves nothing valid of something it was to measure is invalid. */
export function verdictOf({ trials }: Pick<ResultDocument, "trials">): Verdict {
  const warnings = trials
    .filter(({ valid, outcome }) => !valid && outcome !== "unsupported")
    .map(({ id, workload, runtime, threads, outcome, refusal, invalidBecause }) => {
      const reasons = invalidBecause.length === 0 ? "" : `: ${invalidBecause.join("; ")}`;
      const what = refusal === "noise" ? "disturbed" : outcome;
      return `${id} (${workload} on ${runtime} at ${threads}) ${what}${reasons}`;
    });
  const isBroken = trials.some(({ outcome }) => ["crashed", "timed-out", "diverged"].includes(outcome));
  const hasValid = trials.some(({ valid }) => valid);
  const lost = hasValid ? treatmentsWithoutValid(trials) : [];
  warnings.push(...lost.map((treatment) => `nothing valid is left of ${treatment}`));
  if (!hasValid) warnings.push(trials.length === 0 ? "nothing was measured" : "nothing valid was measured");
  return { code: isBroken || !hasValid || lost.length > 0 ? INVALID : OK, warnings };
}

/** Those that were measured and have no valid trial. What a runtime cannot do at all is a hole, and was no trial. */
function treatmentsWithoutValid(trials: ResultDocument["trials"]): string[] {
  const measured = new Map<string, { readonly name: string; hasValid: boolean }>();
  for (const { treatmentId, workload, runtime, threads, outcome, valid } of trials) {
    if (outcome === "unsupported") continue;
    const name = `${workload} on ${runtime} at ${threads}`;
    const known = measured.get(treatmentId) ?? { name, hasValid: false };
    measured.set(treatmentId, { name, hasValid: known.hasValid || valid });
  }
  return [...measured.values()].flatMap(({ name, hasValid }) => (hasValid ? [] : [name]));
}
