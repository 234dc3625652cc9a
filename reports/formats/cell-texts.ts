/** The figures of one treatment over its valid trials, as the texts of its row. */
import type { TrialRow } from "../analyze.ts";
import { leafOf } from "../metrics/tree.ts";
import type { Cell } from "../report.ts";
import { countText, exactCountText, NO_FIGURE, nsText, ratioText, shareText } from "./units.ts";

/** One text a column, from the fifth of a table on. */
export function cellTexts(cell: Cell, trials: readonly TrialRow[]): string[] {
  const figure = (name: string): number | null => leafOf(cell.metrics, name).estimate;
  const offered = figure("offeredPerSecond");
  const { p99 } = cell.degradation;
  return [
    offered === null
      ? countText(figure("throughputPerSecond"))
      : `${countText(offered)} → ${countText(figure("donePerSecond"))}`,
    nsText(figure("waitNs.p50")),
    nsText(figure("waitNs.p99")),
    nsText(figure("responseNs.p99")),
    shareText(figure("starvedShare")),
    freezeText(trials),
    atLeast(isBoundOnly("canaryDelayNs.p99", trials), nsText(figure("canaryDelayNs.p99"))),
    atLeast(cell.degradation.isLowerBound && p99.estimate !== null, ratioText(p99.estimate)),
    unservedText(trials),
  ];
}

/** Length and instant of one and the same freeze: that of the middle trial, or of the longer of the two in the middle. */
function freezeText(trials: readonly TrialRow[]): string {
  const middle = middleBy("longestFreezeNs", trials);
  if (middle === undefined) return NO_FIGURE;
  const atNs = leafOf(middle, "longestFreezeAtNs");
  const length = nsText(leafOf(middle, "longestFreezeNs"));
  const text = atLeast(isBoundOnly("longestFreezeNs", trials), length);
  return atNs === null ? text : `${text} at ${nsText(atNs)}`;
}

/**
 * Whether the median of a canary's delay is known from below only: so it is when, in the middle or below it, a trial's
 * own figure is the delay of a canary that never ran.
 */
function isBoundOnly(name: string, trials: readonly TrialRow[]): boolean {
  const middle = middleBy(name, trials);
  if (middle === undefined) return false;
  const middleNs = leafOf(middle, name) ?? 0;
  return sorted(name, trials).some((tree) => {
    const ns = leafOf(tree, name) ?? 0;
    const fromNs = leafOf(tree, "canaryCensoredFromNs");
    return ns <= middleNs && fromNs !== null && ns >= fromNs;
  });
}

type Figures = NonNullable<TrialRow["metrics"]>;

function middleBy(name: string, trials: readonly TrialRow[]): Figures | undefined {
  const ascending = sorted(name, trials);
  return ascending[ascending.length >> 1];
}

/** The figures of the valid trials that have this one, ascending by it. */
function sorted(name: string, trials: readonly TrialRow[]): Figures[] {
  return trials
    .flatMap(({ valid, metrics }) => (valid && metrics !== null ? [metrics] : []))
    .filter((tree) => leafOf(tree, name) !== null)
    .sort((a, b) => (leafOf(a, name) ?? 0) - (leafOf(b, name) ?? 0));
}

function atLeast(isBound: boolean, text: string): string {
  return isBound ? `≥ ${text}` : text;
}

/** Over all valid trials together. */
function unservedText(trials: readonly TrialRow[]): string {
  let unserved = 0;
  let planned = 0;
  for (const { valid, counts, metrics } of trials) {
    if (!valid || counts === null || metrics === null) continue;
    planned += counts.planned;
    unserved += leafOf(metrics, "unservedCount") ?? 0;
  }
  return `${exactCountText(unserved)} of ${exactCountText(planned)}`;
}
