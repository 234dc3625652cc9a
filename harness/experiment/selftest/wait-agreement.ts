/**
 * Our waits against Tokio's own: on tasks of one poll that come from outside, from the hand-over to the first poll
 * is what Tokio's histogram of schedule latencies counts. It tells buckets, so a quantile of ours must lie in the
 * bucket of Tokio's or in one beside it.
 */
import { nearestRank } from "../../../reports/metrics/quantile.ts";
import { FIRST_POLL, SUBMITTED, TASK_DOUBLES } from "../../../reports/rows.ts";
import type { Records } from "../../../runtimes/records.ts";
import { build } from "../../../workloads/trace/build.ts";
import type { Trace } from "../../../workloads/trace/trace.ts";
import type { Figure } from "./answer.ts";
import { composed, MS } from "./loads.ts";
import type { Probe } from "./probe.ts";
import { subjectOf } from "./subject.ts";

const WINDOW_NS = 400 * MS;
const RATE_PER_SECOND = 3000;
/** From the middle of a bucket to the far end of the next one, in widths of it. */
const BESIDE = 1.5;

/** No canaries: Tokio would count them, too. */
export function pacedTrace(): Trace {
  const stream = {
    release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: RATE_PER_SECOND } },
    variants: [{ share: 1, class: "blocker", ops: [{ op: "cpu", units: 2000 }] }],
  } as const;
  return build(composed([stream], WINDOW_NS), 1, { periodNs: 0 });
}

export function waitFigures(records: Records, stats: Readonly<Record<string, number>>): Figure[] {
  const waitsNs = Float64Array.from(
    { length: records.shape.taskCount },
    (_, task) =>
      (records.taskF64[task * TASK_DOUBLES + FIRST_POLL] as number) -
      (records.taskF64[task * TASK_DOUBLES + SUBMITTED] as number),
  ).sort();
  return [50, 90, 99].map((percent): Figure => {
    const fromNs = stats[`scheduleLatencyP${percent}FromNs`] ?? Number.NaN;
    const toNs = stats[`scheduleLatencyP${percent}ToNs`] ?? Number.NaN;
    return {
      name: `wait p${percent}`,
      unit: "ns",
      said: waitsNs[nearestRank(percent / 100, waitsNs.length) - 1] ?? null,
      truth: (fromNs + toNs) / 2,
      tolerance: BESIDE * (toNs - fromNs),
    };
  });
}

export function waitAgreementProbes(): Probe[] {
  return [
    { subject: subjectOf("native", { diagnostic: "on" }), workerCount: 2 },
    { subject: subjectOf("native-current-thread", { diagnostic: "on" }), workerCount: 1 },
  ].map(({ subject, workerCount }) => {
    const trace = pacedTrace();
    return {
      name: `our waits against Tokio's histogram on ${subject.label}`,
      subject,
      wantedCount: 1,
      trial: (live) => live.trial({ trace, subject, workerCount }),
      figuresOf: ({ row, records }) => (records === null ? [] : waitFigures(records, row.runtimeStats ?? {})),
    };
  });
}
