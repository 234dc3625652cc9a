/**
 * The wrong canary, on purpose: one that is armed again one period after it ran.
 *
 * While nothing runs it is not armed, so a freeze of a hundred periods is one sample of it among hundreds. Computed
 * from the same records as our figures it shows next to nothing of what they show: ours is not that canary.
 */
import { allHeldOf } from "../../../reports/metrics/all-held.ts";
import { canariesOf } from "../../../reports/metrics/canaries.ts";
import { nearestRank } from "../../../reports/metrics/quantile.ts";
import type { Spans } from "../../../reports/metrics/spans.ts";
import type { Records } from "../../../runtimes/records.ts";
import type { Trace } from "../../../workloads/trace/trace.ts";
import { figureOf } from "../figure.ts";
import { type Answer, type Figure, isWithin, medianFigures, toleranceOf } from "./answer.ts";
import type { KnownLoad } from "./known-loads.ts";
import type { JudgedTrial } from "./live.ts";
import { CANARY_PERIOD_NS, HALF_WAY_NS, MS } from "./loads.ts";

/** Tolerances of what it sees; its mean is a fraction of a millisecond. */
const SHARE = 0.02;
const LEAST_MEAN_NS = 0.05 * MS;
const LEAST_TAIL_NS = 1 * MS;
/** Ours must say at least so many times more than it does, or it would not matter which is used. */
const BLINDNESS = 4;

/** The delays that it would record in a window in which nothing could run during `held`. */
export function rearmedDelaysNs(held: Spans, windowNs: number): Float64Array {
  const delaysNs: number[] = [];
  let span = 0;
  for (let dueNs = HALF_WAY_NS; dueNs < windowNs; ) {
    while (span < held.endsNs.length && (held.endsNs[span] as number) <= dueNs) span++;
    const isHeld = span < held.startsNs.length && (held.startsNs[span] as number) <= dueNs;
    const runNs = isHeld ? (held.endsNs[span] as number) : dueNs;
    delaysNs.push(runNs - dueNs);
    dueNs = runNs + CANARY_PERIOD_NS;
  }
  return Float64Array.from(delaysNs);
}

/** What it would say of one trial, against what it must say wrongly. */
export function rearmedFigures(known: KnownLoad, held: Spans): Figure[] {
  const { count, meanMs, p99Ms } = known.rearmed;
  const delaysNs = rearmedDelaysNs(held, known.windowMs * MS).sort();
  const meanNs = delaysNs.reduce((sum, delayNs) => sum + delayNs, 0) / delaysNs.length;
  return [
    {
      name: "canaries",
      unit: "count",
      said: delaysNs.length,
      truth: count,
      tolerance: toleranceOf(count, SHARE, 0),
    },
    {
      name: "mean",
      unit: "ns",
      said: meanNs,
      truth: meanMs * MS,
      tolerance: toleranceOf(meanMs * MS, SHARE, LEAST_MEAN_NS),
    },
    {
      name: "p99",
      unit: "ns",
      said: delaysNs[nearestRank(0.99, delaysNs.length) - 1] ?? null,
      truth: p99Ms * MS,
      tolerance: toleranceOf(p99Ms * MS, SHARE, LEAST_TAIL_NS),
    },
  ];
}

function heldOf(trace: Trace, records: Records, windowNs: number): Spans {
  return allHeldOf({ trace, records, canaries: canariesOf(records, windowNs), windowNs }).held;
}

/** Right where it is as wrong as it must be, and our own mean is of another size. */
export function rearmedAnswer(name: string, known: KnownLoad, valid: readonly JudgedTrial[]): Answer {
  const windowNs = known.windowMs * MS;
  const figures = medianFigures(
    valid.flatMap(({ trace, records }) =>
      records === null ? [] : [rearmedFigures(known, heldOf(trace, records, windowNs))],
    ),
  );
  const wrongNs = figures.find((figure) => figure.name === "mean")?.said ?? Number.NaN;
  const ours = valid.map((trial) => figureOf(trial.row, "canaryDelayNs.mean") ?? Number.NaN);
  const differs = ours.every((oursNs) => oursNs >= BLINDNESS * wrongNs);
  return {
    name,
    verdict: figures.every(isWithin) && differs ? "ok" : "wrong",
    figures,
    remark: differs
      ? `ours says at least ${BLINDNESS} times that mean in every trial`
      : "our own canary says little more: it is blind, too",
    validCount: valid.length,
    refusedCount: 0,
  };
}
