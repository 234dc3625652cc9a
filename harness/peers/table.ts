/** The document for a terminal. */
import {
  bytesText,
  countText,
  exactCountText,
  NO_FIGURE,
  nsText,
  shareText,
} from "../../reports/formats/units.ts";
import { columns } from "../cli/columns.ts";
import type { GoalRow, PeersDocument, ShapeResult, ShapeRow } from "./document.ts";
import { type FigureName, figures } from "./job.ts";
import type { Ratio, Spread } from "./spread.ts";

export function renderTable(document: PeersDocument): string {
  const { environment, size, roundCount, seed } = document;
  const { cpuModel, coreCount, nodeVersion, calibration } = environment;
  const title = `peers: ${roundCount} rounds of the ${size} size, order by seed ${seed}; ${coreCount} cores, ${cpuModel}, node ${nodeVersion}, ${calibration.unitNs.toFixed(2)} ns a kernel unit\n`;
  return [
    title,
    ...document.notes.map((note) => `  ${note}\n`),
    ...document.shapes.map((shape) => `\n${shapeText(shape)}`),
    `\ngoals\n${goalsText(document)}`,
    `\ncontestants\n${contestantsText(document)}`,
  ].join("");
}

function shapeText({ name, shows, figures: names, results }: ShapeRow): string {
  const shown = names.filter((figure) => results.some((result) => result.figures[figure] !== undefined));
  const head = ["contestant", "n", "tasks", ...shown.map(headOf), "work-stealing / it", "of medians"];
  const rows = results.map((result) => rowOf(result, shown));
  return `${name}: ${shows}\n${indented(columns([head, ...rows]))}${faultsText(results)}`;
}

function rowOf(
  { contestant, job, figures: measured, workStealingOver }: ShapeResult,
  shown: readonly FigureName[],
): string[] {
  const n = Math.max(0, ...Object.values(measured).map((spread) => spread.n));
  return [
    contestant,
    String(n),
    countText(job.taskCount),
    ...shown.map((figure) => spreadText(measured[figure] ?? null, (value) => figureText(figure, value))),
    ratioText(workStealingOver),
    workStealingOver === null ? NO_FIGURE : timesText(workStealingOver.ratioOfMedians),
  ];
}

function faultsText(results: readonly ShapeResult[]): string {
  return results
    .flatMap(({ contestant, faults }) => faults.map((fault) => `  not measured: ${contestant}: ${fault}\n`))
    .join("");
}

const heads: Readonly<Record<FigureName, string>> = {
  perSecond: "tasks/s",
  throughputPerSecond: "throughput",
  p50Ns: "p50",
  p99Ns: "p99",
  rssBytesPerTask: "resident a task",
  heapBytesPerTask: "heap a task",
  sharedBytesPerTask: "shared rows a task",
  soonShare: "done within 5 ms",
  lateCount: "late",
};

function headOf(figure: FigureName): string {
  return heads[figure];
}

function figureText(figure: FigureName, value: number): string {
  switch (figures[figure].unit) {
    case "perSecond":
      return countText(value);
    case "ns":
      return nsText(value);
    case "bytes":
      return bytesText(value);
    case "share":
      return shareText(value);
    case "count":
      return exactCountText(value);
  }
}

/** Median, and the least and the greatest where they differ. */
function spreadText(spread: Spread | null, text: (value: number) => string): string {
  if (spread === null) return NO_FIGURE;
  const { median, min, max } = spread;
  return min === max ? text(median) : `${text(median)} (${text(min)} … ${text(max)})`;
}

function ratioText(ratio: Ratio | null): string {
  return spreadText(ratio, timesText);
}

function timesText(ratio: number): string {
  if (ratio >= 10) return ratio.toFixed(ratio >= 100 ? 0 : 1);
  return ratio >= 0.1 ? ratio.toFixed(2) : String(Number(ratio.toPrecision(2)));
}

function goalsText({ goals, contestants, isNativeTrusted }: PeersDocument): string {
  if (goals.length === 0) return "  none for these contestants and shapes\n";
  const rows = goals.map((row) => [
    row.goal,
    row.atLeast === null ? `the same: ${spreadText(row.target, exactCountText)}` : `≥ ${row.atLeast}`,
    row.atLeast === null ? spreadText(row.measured, exactCountText) : spreadText(row.measured, timesText),
    row.measured === null || !("ratioOfMedians" in row.measured)
      ? NO_FIGURE
      : timesText(row.measured.ratioOfMedians),
    row.measured === null ? NO_FIGURE : `n = ${row.measured.n}`,
    verdictText(row),
  ]);
  const isSilent = isNativeTrusted || contestants.every(({ name }) => name !== "native");
  const trust = isSilent ? "" : "  no ratio against native counts before native / bare-tokio holds\n";
  return `${indented(columns([["goal", "at least", "measured", "of medians", "rounds", "verdict"], ...rows]))}${trust}`;
}

function verdictText({ verdict, missedByShare }: GoalRow): string {
  return verdict === "missed" && missedByShare !== null ? `missed by ${shareText(missedByShare)}` : verdict;
}

function contestantsText({ contestants }: PeersDocument): string {
  const rows = contestants.map(({ name, version, setup, absentBecause }) => [
    name,
    version ?? "absent",
    absentBecause ?? setup,
  ]);
  return indented(columns(rows));
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
