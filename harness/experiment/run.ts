/** The constant experiment: every round of the plan, as it was planned. */
import type { Plan } from "../trial/trial.ts";
import type { Experiment } from "./experiment.ts";

export function constantRun(plan: Plan): Experiment {
  return (judged) => {
    const known = new Set(judged.map(({ id }) => id));
    const missing = plan.trials.filter(({ id }) => !known.has(id));
    const [first] = missing;
    if (first === undefined) return { kind: "done" };
    return { kind: "round", trials: missing.filter(({ round }) => round === first.round) };
  };
}
