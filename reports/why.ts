/** Why ready work waited in a trial: the facts of one line. */
import type { TrialRow } from "./analyze.ts";
import { type Episode, STARVED_NS } from "./metrics/episodes.ts";
import { leafOf } from "./metrics/tree.ts";

export const causeNames = ["generator", "capacity", "cores", "host", "scheduler", "waking"] as const;

export type CauseName = (typeof causeNames)[number];

export interface Why {
  readonly trialId: string;
  /** What most of the late canaries' waiting was for; null: the runtime records too little to tell. */
  readonly cause: CauseName | null;
  readonly causeShare: number | null;
  /** The longest episode over 10 ms, and the holds under it. */
  readonly episode: Episode;
}

/** null: nothing was measured, or no canary was delayed by more than 10 ms. */
export function whyOf({ id, metrics, episodes }: TrialRow): Why | null {
  const starved = (episodes ?? []).filter(({ thresholdNs }) => thresholdNs === STARVED_NS);
  const [first] = starved;
  if (metrics === null || first === undefined) return null;
  const shares = causeNames.map((cause) => ({ cause, share: leafOf(metrics, `cause.${cause}Share`) ?? 0 }));
  const main = shares.reduce((most, other) => (other.share > most.share ? other : most));
  const isKnown = main.share > 0;
  return {
    trialId: id,
    cause: isKnown ? main.cause : null,
    causeShare: isKnown ? main.share : null,
    episode: starved.reduce(
      (longest, other) => (lengthNs(other) > lengthNs(longest) ? other : longest),
      first,
    ),
  };
}

/** Of several trials the one whose worst episode is the longest tells. */
export function whyOfWorst(trials: readonly TrialRow[]): Why | null {
  return trials
    .map(whyOf)
    .reduce(
      (worst, why) =>
        why !== null && (worst === null || lengthNs(why.episode) > lengthNs(worst.episode)) ? why : worst,
      null,
    );
}

function lengthNs({ startNs, endNs }: Episode): number {
  return endNs - startNs;
}
