/** The constant experiment: every round of the plan as it was planned, and in it what was refused for noise again. */
import { furtherAttempts } from "../../reports/attempts.ts";
import type { Plan } from "../trial/trial.ts";
import type { Experiment } from "./experiment.ts";

/**
 * A round is whole, further attempts included, before the next begins. Further attempts are asked for one at a time:
 * whether there is time for one depends on what the others took.
 */
export function constantRun(plan: Plan): Experiment {
  return (judged) => {
    const known = new Set(judged.map(({ id }) => id));
    const missing = plan.trials.filter(({ id }) => !known.has(id));
    const [first] = missing;
    const [again] = furtherAttempts(plan, judged).due;
    if (again !== undefined && (first === undefined || again.round < first.round)) {
      return { kind: "round", trials: [again] };
    }
    if (first === undefined) return { kind: "done" };
    return { kind: "round", trials: missing.filter(({ round }) => round === first.round) };
  };
}
