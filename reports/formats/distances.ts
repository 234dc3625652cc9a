/** How far the treatments of a group are from `ideal`, as text: one row each, one column a figure. */
import type { Distance, MetricDistance, shownDistances } from "../distance.ts";
import { leafOf } from "../metrics/tree.ts";
import type { ResultDocument, TreatmentRow } from "../report.ts";
import { countText, NO_FIGURE, nsText, pointsText, ratioText, signed } from "./units.ts";

export const distanceTitle =
  "distance from ideal, the model without overhead, on the same traces with as many workers: more or less (times as much)";

type Shown = (typeof shownDistances)[number];

interface Column {
  readonly name: string;
  /** The first that the treatment has is shown: counted loads have a throughput, open loops what was done. */
  readonly figures: readonly Shown[];
  text(difference: number): string;
}

const figureColumns: readonly Column[] = [
  { name: "all held", figures: ["allHeldShare"], text: pointsText },
  { name: "wait p50", figures: ["waitNs.p50"], text: nsText },
  { name: "wait p99", figures: ["waitNs.p99"], text: nsText },
  { name: "heartbeat p99", figures: ["canaryDelayNs.p99"], text: nsText },
  { name: "tasks/s", figures: ["throughputPerSecond", "donePerSecond"], text: countText },
];

export const distanceColumns: readonly string[] = [
  "runtime",
  "threads",
  "n",
  ...figureColumns.map(({ name }) => name),
];

/** One text a column, for every treatment that has a distance. */
export function distanceRows(
  { distances }: ResultDocument,
  treatments: readonly { readonly treatment: TreatmentRow; readonly threads: string }[],
): string[][] {
  return treatments.flatMap(({ treatment, threads }) => {
    const distance = distances.find(({ treatmentId }) => treatmentId === treatment.id);
    return distance === undefined ? [] : [[treatment.runtime, threads, ...figuresOf(distance)]];
  });
}

function figuresOf({ n, metrics }: Distance): string[] {
  return [
    String(n),
    ...figureColumns.map(({ figures, text }) => {
      const distances = figures.map((figure) => leafOf(metrics, figure));
      return distanceText(distances.find((distance) => distance !== null) ?? null, text);
    }),
  ];
}

function distanceText(distance: MetricDistance | null, text: (difference: number) => string): string {
  const difference = distance?.difference.estimate ?? null;
  if (difference === null) return NO_FIGURE;
  const times = distance?.ratio?.estimate ?? null;
  return `${signed(difference, text)}${times === null ? "" : ` (${ratioText(times)})`}`;
}
