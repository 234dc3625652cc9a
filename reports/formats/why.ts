/** The line that says why ready work waited. */
import type { Episode, HoldUnder } from "../metrics/episodes.ts";
import type { CauseName, Why } from "../why.ts";
import { nsText, shareText } from "./units.ts";

const phrases: Readonly<Record<CauseName, string>> = {
  generator: "generator (the load itself was late)",
  capacity: "capacity (no worker was free)",
  cores: "cores (more workers could run than there are cores)",
  host: "host (others were on the cores)",
  scheduler: "scheduler (a worker was idle and did not take it)",
  waking: "waking (a worker was about to take it)",
};

export function whyText({ cause, causeShare, episode }: Why): string {
  const blame =
    cause === null
      ? "cause unknown (the runtime records no idle stretches)"
      : `${phrases[cause]}, ${shareText(causeShare)} of the waiting`;
  return `${blame} · worst: ${episodeText(episode)}, under ${holdsText(episode.holds)}`;
}

/** From the instant its first canary was due, so that it can be held against the longest freeze. */
function episodeText({ thresholdNs, startNs, endNs }: Episode): string {
  const dueNs = startNs - thresholdNs;
  return `${nsText(endNs - dueNs)} from ${nsText(dueNs)} on`;
}

export function holdsText(holds: readonly HoldUnder[]): string {
  if (holds.length === 0) return "no hold that has a row";
  return holds
    .map(
      ({ task, op, worker, startNs, endNs }) =>
        `${op} of task ${task} on worker ${worker} (${nsText(endNs - startNs)})`,
    )
    .join(", ");
}
