/**
 * One trial in the terminal: a row a worker over time, dark where a task holds it, and below them the no-progress
 * curve V(t), which rises while ready work waits and falls when it runs; then the episodes of starvation.
 */
import type { TrialRow } from "../analyze.ts";
import { ATTEMPT_LIMIT } from "../attempts.ts";
import type { Lanes, Picture, WorkerLane } from "../lanes.ts";
import { type Episode, STARVED_NS } from "../metrics/episodes.ts";
import type { Spans } from "../metrics/spans.ts";
import { leafOf } from "../metrics/tree.ts";
import { noProgress } from "../timeline.ts";
import { plainText, visibleWidth, wrapped } from "./text.ts";
import { nsText } from "./units.ts";
import { holdsText } from "./why.ts";

const BLOCKED = "█";
const COMPUTING = "▓";
const IDLE = "·";
const RUNNING = " ";

/** A column of the curve by eighths of a row. */
const EIGHTHS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const CURVE_ROWS = 6;

/** Where the screen has no limit, and the least that shows anything. */
const FULL_WIDTH = 120;
const MIN_PLOT_WIDTH = 20;
/** More workers than a screen has lines are counted. */
const WORKER_LIMIT = 32;

/** The picture in lines of at most `width` columns, where that is enough for a plot at all. */
export function lanesLines({ trial, lanes }: Picture, width: number): string[] {
  const attempt = trial.attempt === 1 ? "" : `, attempt ${trial.attempt} of ${ATTEMPT_LIMIT}`;
  const title = plainText(
    `${trial.id}: ${trial.workload} on ${trial.runtime}, threads ${trial.threads} (${trial.workerCount})${attempt}`,
  );
  const reasons = trial.invalidBecause.map(plainText);
  if (lanes === null) return [title, ...reasons.map((reason) => `not shown: ${reason}`)];
  if (!(lanes.spanNs > 0)) return [title, "nothing took any time"];
  const fullWidth = Math.min(width, FULL_WIDTH);
  const labels = [...lanes.workers.keys()].map((worker) => `worker ${worker}`);
  const curve = curveLabel(lanes);
  const gutter = Math.max(...labels.slice(0, WORKER_LIMIT).map(visibleWidth), visibleWidth(curve)) + 1;
  const plotWidth = Math.max(MIN_PLOT_WIDTH, fullWidth - gutter - 1);
  const label = (text: string): string => `${" ".repeat(gutter - visibleWidth(text) - 1)}${text} `;
  const bucketNs = lanes.spanNs / plotWidth;
  const hidden = lanes.workers.length - WORKER_LIMIT;
  return [
    title,
    ...reasons.map((reason) => `not counted: ${reason}`),
    "",
    ...lanes.workers
      .slice(0, WORKER_LIMIT)
      .map((worker, index) => `${label(labels[index] ?? "")}│${laneText(worker, bucketNs, plotWidth)}`),
    ...(hidden > 0 ? [`${label("")}│and ${hidden} more workers`] : []),
    `${label("")}│`,
    ...curveLines(lanes, { bucketNs, plotWidth, label }),
    ...axisLines(lanes.spanNs, plotWidth, label("")),
    "",
    ...legendOf(lanes).flatMap((line) => wrapped(line, fullWidth, "  ")),
    ...heartbeatLines(trial).flatMap((line) => wrapped(line, fullWidth, "  ")),
    "",
    ...episodeLines(trial, fullWidth),
  ].map((line) => line.trimEnd());
}

/** What took most of each column's time. */
function laneText({ blocks, cpu, idle }: WorkerLane, bucketNs: number, plotWidth: number): string {
  const blockedNs = timeByBucket(blocks, bucketNs, plotWidth);
  const computingNs = timeByBucket(cpu, bucketNs, plotWidth);
  const idleNs = timeByBucket(idle, bucketNs, plotWidth);
  return Array.from({ length: plotWidth }, (_, bucket) => {
    const blocked = blockedNs[bucket] as number;
    const computing = computingNs[bucket] as number;
    const resting = idleNs[bucket] as number;
    const running = bucketNs - blocked - computing - resting;
    const most = Math.max(blocked, computing, resting, running);
    if (blocked === most) return BLOCKED;
    if (computing === most) return COMPUTING;
    return resting === most ? IDLE : RUNNING;
  }).join("");
}

/** How much of each bucket the spans cover. */
function timeByBucket({ startsNs, endsNs }: Spans, bucketNs: number, bucketCount: number): Float64Array {
  const coveredNs = new Float64Array(bucketCount);
  for (let span = 0; span < startsNs.length; span++) {
    const startNs = startsNs[span] as number;
    const endNs = Math.min(endsNs[span] as number, bucketCount * bucketNs);
    const last = Math.min(bucketCount - 1, Math.floor(endNs / bucketNs));
    for (let bucket = Math.floor(startNs / bucketNs); bucket <= last; bucket++) {
      const insideNs = Math.min(endNs, (bucket + 1) * bucketNs) - Math.max(startNs, bucket * bucketNs);
      if (insideNs > 0) coveredNs[bucket] = (coveredNs[bucket] as number) + insideNs;
    }
  }
  return coveredNs;
}

interface Plot {
  readonly bucketNs: number;
  readonly plotWidth: number;
  label(text: string): string;
}

/** The top of the curve: the longest freeze. */
function curveLabel({ canaries: { dueNs, runNs } }: Lanes): string {
  if (dueNs.length === 0) return "V";
  return `V ${nsText(dueNs.reduce((most, due, canary) => Math.max(most, (runNs[canary] as number) - due), 0))}`;
}

function curveLines(lanes: Lanes, { bucketNs, plotWidth, label }: Plot): string[] {
  const { canaries } = lanes;
  if (canaries.dueNs.length === 0) {
    return [`${label(curveLabel(lanes))}│no canaries: how long ready work waited is not known`];
  }
  const waitedNs = noProgress(canaries, bucketNs, plotWidth);
  const mostNs = Math.max(...waitedNs);
  const heights = waitedNs.map((ns) => (mostNs === 0 ? 0 : Math.round((ns / mostNs) * CURVE_ROWS * 8)));
  return Array.from({ length: CURVE_ROWS }, (_, line) => {
    const below = (CURVE_ROWS - 1 - line) * 8;
    const text = heights.map((height) => EIGHTHS[Math.min(8, Math.max(0, height - below))] ?? "").join("");
    return `${label(line === 0 ? curveLabel(lanes) : "")}│${text}`;
  });
}

/** A tick at every quarter, its time below it. */
function axisLines(spanNs: number, plotWidth: number, margin: string): string[] {
  const quarters = [0, 1, 2, 3, 4].map((quarter) => ({
    at: Math.round((quarter / 4) * (plotWidth - 1)),
    text: nsText((quarter / 4) * spanNs),
  }));
  const line = Array.from({ length: plotWidth }, (_, at) =>
    quarters.some((one) => one.at === at) ? "┴" : "─",
  );
  let times = "";
  for (const { at, text } of quarters) {
    const fits = Math.min(at, plotWidth - visibleWidth(text));
    if (fits < visibleWidth(times) + (times === "" ? 0 : 1)) continue;
    times = times.padEnd(fits) + text;
  }
  return [`${margin}└${line.join("")}`, `${margin} ${times}`];
}

function legendOf({ recordsIdle }: Lanes): string[] {
  return [
    `${BLOCKED} held by a block  ${COMPUTING} held by CPU of 1 ms or more  ${IDLE} idle  blank: running, or too short to tell. Each column shows what took most of it.`,
    ...(recordsIdle ? [] : ["this runtime records no idle stretches: an idle worker is blank"]),
    "V(t): how long the canary that waits longest has waited; each column shows its highest value.",
  ];
}

/** A canary's delay as the sum of its two parts; means, because quantiles do not add up. */
function heartbeatLines({ metrics }: TrialRow): string[] {
  if (metrics === null) return [];
  const [delayNs = null, lagNs = null, waitNs = null, p99Ns = null] = [
    "canaryDelayNs.mean",
    "canaryLagNs.mean",
    "canaryWaitNs.mean",
    "canaryDelayNs.p99",
  ].map((name) => leafOf(metrics, name));
  if (delayNs === null) return [];
  return [
    `heartbeat: ${nsText(delayNs)} on average, ${nsText(lagNs)} until it was handed over and ${nsText(waitNs)} in the runtime; p99 ${nsText(p99Ns)}.`,
  ];
}

function episodeLines({ episodes }: TrialRow, width: number): string[] {
  const starved = (episodes ?? []).filter(({ thresholdNs }) => thresholdNs === STARVED_NS);
  if (starved.length === 0) return ["no canary was delayed by more than 10 ms"];
  const rows = starved.map(({ thresholdNs, startNs, endNs, holds }: Episode) => [
    nsText(startNs - thresholdNs),
    nsText(endNs - startNs + thresholdNs),
    holdsText(holds),
  ]);
  const all = [["ready from", "waited", "longest holds under it"], ...rows];
  const widths = [0, 1].map((column) => Math.max(...all.map((row) => visibleWidth(row[column] ?? ""))));
  const indent = " ".repeat(widths.reduce((sum, each) => sum + each + 2, 0));
  return all.flatMap(([from = "", waited = "", holds = ""]) => {
    const [first = "", ...more] = wrapped(holds, Math.max(MIN_PLOT_WIDTH, width - indent.length), "");
    const lead = `${from.padStart(widths[0] ?? 0)}  ${waited.padStart(widths[1] ?? 0)}  `;
    return [`${lead}${first}`, ...more.map((line) => `${indent}${line}`)];
  });
}
