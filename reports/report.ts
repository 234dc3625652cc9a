/** Stand-in until the reports are merged. */
import type { Environment, Plan } from "../harness/trial/trial.ts";
import type { TrialRow } from "./analyze.ts";

export interface ResultDocument {
  readonly schemaVersion: number;
  readonly state: "complete" | "partial" | "failed";
  readonly environment: Environment;
  readonly plan: Omit<Plan, "treatments" | "traces" | "trials"> & { readonly trialCount: number };
  readonly trials: readonly TrialRow[];
}

export function assembleReport({
  state,
  environment,
  plan,
  trials,
}: {
  readonly state: ResultDocument["state"];
  readonly environment: Environment;
  readonly plan: Plan;
  readonly trials: readonly TrialRow[];
}): ResultDocument {
  const { treatments: _, traces: __, trials: planned, ...rest } = plan;
  return { schemaVersion: 1, state, environment, plan: { ...rest, trialCount: planned.length }, trials };
}
