/** What is to be said of trials that count although something else disturbed them, and of lateness that is their own. */
import type { TrialRow } from "../analyze.ts";
import { median } from "../interval.ts";
import type { SensorName } from "../judge/validity.ts";
import { nsText } from "./units.ts";

/** The mark of such trials, for the legend. */
export const NOISY_LEGEND: string =
  "noisy: something else disturbed such trials, as the warnings say; their figures tell of that as well as of the runtime";

/** A trial that counts although something else disturbed it, because the plan only warns of that. */
export function isNoisy({ valid, sensors }: TrialRow): boolean {
  return valid && (sensors ?? []).some(({ verdict }) => verdict === "beyond");
}

const lateness: readonly (readonly [SensorName, string])[] = [
  ["witnessLateness", "the witness looked"],
  ["releaseLag", "tasks were released"],
  ["blockOvershoot", "blocks ended"],
];

/**
 * How late the harness itself was where the workers need every core: the medians over the valid trials of each p99
 * that would be too late where a core is idle. null: none would.
 */
export function costText(who: string, trials: readonly TrialRow[]): string | null {
  const readings = trials.flatMap(({ valid, sensors }) => (valid ? (sensors ?? []) : []));
  const costs = readings.filter(({ verdict }) => verdict === "cost of oversubscription");
  const parts = lateness.flatMap(([name, what]) => {
    const own = costs.filter(({ sensor }) => sensor === name);
    const figures = own.flatMap(({ figure }) => (figure === null ? [] : [figure]));
    if (figures.length === 0) return [];
    const lateNs = median(figures);
    return own.every(({ bound }) => lateNs > bound) ? [`${what} ${nsText(lateNs)} late`] : [];
  });
  return parts.length === 0
    ? null
    : `cost of oversubscription ${who}: at p99 ${parts.join(", ")}, for want of a free core`;
}
