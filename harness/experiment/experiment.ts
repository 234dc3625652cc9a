/** The contract of an experiment: what is run next, given the trials that have been judged. */
import type { TrialRow } from "../../reports/analyze.ts";
import type { PlannedTrial } from "../trial/trial.ts";

/** What comes next, given what is known: pure, so that it can be tested without running anything. */
export type Experiment = (judged: readonly TrialRow[]) => Next;
export type Next =
  | { readonly kind: "round"; readonly trials: readonly PlannedTrial[] }
  | { readonly kind: "done" };
