/**
 * What table and Markdown both show: the document's figures as text, by workload, and what is to be said
 * beneath. Strings from outside are still raw here; each format escapes them in its own way.
 */
import { strict as assert } from "node:assert";
import type { TrialRow } from "../analyze.ts";
import { ATTEMPT_LIMIT } from "../attempts.ts";
import { leafOf } from "../metrics/tree.ts";
import type { UnequalRefusals } from "../refusals.ts";
import type { Cell, ResultDocument, TreatmentRow } from "../report.ts";
import { cellTexts } from "./cell-texts.ts";
import { distanceRows } from "./distances.ts";
import { costText, isNoisy, NOISY_LEGEND } from "./disturbance.ts";
import { NO_FIGURE, probabilityText } from "./units.ts";
import { whyText } from "./why.ts";

export interface Overview {
  readonly title: string;
  readonly groups: readonly Group[];
  /** How to read the figures. */
  readonly legend: readonly string[];
  readonly notes: readonly string[];
  /** One line a trial that counts for nothing, with its cause. */
  readonly failures: readonly string[];
  readonly warnings: readonly string[];
}

/** All treatments of one workload with one set of parameters. */
export interface Group {
  readonly workload: string;
  readonly parameters: string;
  /** The load that all of them executed; and the same without blocking, where that was measured. */
  readonly loads: readonly string[];
  readonly rows: readonly Row[];
  /** One text a column of `distanceColumns`; empty: nothing here can be held against `ideal`. */
  readonly distances: readonly (readonly string[])[];
}

export interface Row {
  /** One text a column. */
  readonly texts: readonly string[];
  readonly isProven: boolean;
  /** Whose it is and why ready work waited; null: it did not, for longer than 10 ms. */
  readonly why: string | null;
  /** Whose it is, where no canary was delayed by more than 10 ms, and there were enough to say so. */
  readonly calm: string | null;
  /** How late the harness itself was where the workers need every core; null: not beyond what is allowed elsewhere. */
  readonly cost: string | null;
}

export const columns: readonly string[] = [
  "runtime",
  "threads",
  "n",
  "work checked",
  "tasks/s",
  "wait p50",
  "wait p99",
  "response p99",
  "frozen",
  "longest freeze",
  "heartbeat p99",
  "slowdown",
  "unserved",
];

/** More lines of one kind say nothing new on a screen; the JSON document has them all. */
const LINE_LIMIT = 20;
/** Of fewer a trial it is not said that nothing starved. */
const MIN_HEARTBEATS = 100;
/** The reasons of a treatment that has nothing valid. */
const REASON_LIMIT = 3;

const legend: readonly string[] = [
  "medians over n valid trials · tasks/s: finished, or offered → done in open loops · wait: from the intended start to the first poll (closed loops: from the hand-over)",
  "heartbeat: how late a task of no work runs, one every canary period · frozen: share of the time in which a heartbeat waited that came more than 10 ms late · longest freeze: the middle trial's",
  "slowdown: the victims' response p99 by that of the same work without blocking, round by round, where that was measured too (--control)",
  `${NO_FIGURE} no figure: fewer than 10 samples above a percentile, or not measured · ≥ some heartbeats never came, or tasks were left unfinished`,
];

export function overviewOf(document: ResultDocument): Overview {
  return {
    title: titleOf(document),
    groups: groupsOf(document),
    legend: document.trials.some(isNoisy) ? [...legend, NOISY_LEGEND] : legend,
    notes: [...document.plan.notes, ...outOfTimeNotes(document)],
    failures: limited(
      document.trials
        .filter(({ valid }) => !valid)
        .map(
          (trial) => `${trialText(document, trial)}: ${endText(trial)}: ${trial.invalidBecause.join("; ")}`,
        ),
    ),
    warnings: limited([
      ...document.refusals.unequal.map((pair) => unequalText(document, pair)),
      ...document.trials.flatMap((trial) =>
        trial.warnings.map((text) => `${trialText(document, trial)}: ${text}`),
      ),
    ]),
  };
}

function outOfTimeNotes({ refusals }: ResultDocument): string[] {
  const count = refusals.outOfTime.length;
  if (count === 0) return [];
  const what = count === 1 ? "a refused trial" : `${count} refused trials`;
  return [
    `there was no time to run ${what} again: further attempts may take as long as the plan's trials, together`,
  ];
}

function unequalText({ treatments }: ResultDocument, pair: UnequalRefusals): string {
  const [a, b] = pair.treatmentIds.map((treatmentId, index) => {
    const counts = `${pair.refusedCounts[index]} of ${pair.trialCounts[index]}`;
    const treatment = treatments.find(({ id }) => id === treatmentId);
    if (treatment === undefined) return counts;
    const role = treatment.controlOf === null ? "" : "the control of ";
    return `${role}${treatment.workload} on ${treatment.runtime}, threads ${treatment.threads} (${counts})`;
  });
  return `refusals differ between ${a} and ${b}, p = ${probabilityText(pair.p)}: a comparison of them is inconclusive`;
}

function titleOf({ environment, plan, state, trials }: ResultDocument): string {
  const { isoloadVersion, nodeVersion, tokioVersion, coreCount, coreCountSource, cpuModel } = environment;
  const parts = [
    `isoload ${isoloadVersion}`,
    state === "complete" ? completeText(trials) : `${state}: ${trialsText(trials, plan.trialCount)}`,
    `${plan.roundCount} ${plan.roundCount === 1 ? "round" : "rounds"}`,
    `seed ${plan.seed}`,
    `Node ${nodeVersion}`,
    ...(tokioVersion === null ? [] : [`Tokio ${tokioVersion}`]),
    `${coreCount} ${coreCount === 1 ? "core" : "cores"} (${coreCountSource}) of ${cpuModel}`,
  ];
  return parts.join(" · ");
}

/** Every trial was run; says of how many something valid is left, unless it is so of all that are supported. */
function completeText(trials: readonly TrialRow[]): string {
  const count = trials.filter(({ attempt, outcome }) => attempt === 1 && outcome !== "unsupported").length;
  const validCount = trials.filter(({ valid }) => valid).length;
  return validCount === count ? "complete" : `complete: ${validCount} of ${count} trials valid`;
}

/** How many of the planned trials there are, further attempts apart. */
export function trialsText(trials: readonly TrialRow[], plannedCount: number): string {
  const furtherCount = trials.filter(({ attempt }) => attempt > 1).length;
  const further =
    furtherCount === 0 ? "" : `, ${furtherCount} further ${furtherCount === 1 ? "attempt" : "attempts"}`;
  return `${trials.length - furtherCount} of ${plannedCount} trials${further}`;
}

function groupsOf(document: ResultDocument): Group[] {
  const groups = new Map<string, TreatmentRow[]>();
  for (const treatment of document.treatments) {
    // A control has no row of its own: what it is there for is the slowdown of its treatment.
    if (treatment.controlOf !== null) continue;
    const key = `${treatment.workload}:${parametersText(treatment.parameters)}`;
    groups.set(key, [...(groups.get(key) ?? []), treatment]);
  }
  return [...groups.values()].map((treatments) => groupOf(document, treatments));
}

function groupOf(document: ResultDocument, treatments: readonly TreatmentRow[]): Group {
  const [first] = treatments;
  assert(first !== undefined, "a group has a treatment");
  return {
    workload: first.workload,
    parameters: parametersText(first.parameters),
    loads: loadsOf(document, first),
    rows: treatments.map((treatment) => rowOf(document, treatment)),
    distances: distanceRows(
      document,
      treatments.map((treatment) => ({ treatment, threads: threadsText(treatment) })),
    ),
  };
}

/** As typed, and what it comes to where that is not the same. */
function threadsText({ threads, workerCount }: TreatmentRow): string {
  return threads === String(workerCount) ? threads : `${threads} (${workerCount})`;
}

/** What is to be said of single rows: first why work waited and where it did not, then what the harness itself paid. */
export function remarksOf({ rows }: Group): string[] {
  const said = (texts: readonly (string | null)[]): string[] => texts.filter((text) => text !== null);
  const calm = said(rows.map((row) => row.calm));
  return [
    ...said(rows.map(({ why }) => why)),
    ...(calm.length === 0 ? [] : [`no starvation (no heartbeat over 10 ms): ${calm.join(" · ")}`]),
    ...said(rows.map(({ cost }) => cost)),
  ];
}

export function parametersText(parameters: TreatmentRow["parameters"]): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function loadsOf(document: ResultDocument, treatment: TreatmentRow): string[] {
  const parameters = parametersText(treatment.parameters);
  const traces = document.traces.filter(
    (trace) => trace.workload === treatment.workload && parametersText(trace.parameters) === parameters,
  );
  const tracesText = (isControl: boolean): string =>
    limited(
      traces
        .filter((trace) => trace.isControl === isControl)
        .map(({ taskCount, traceHash }) => `${taskCount} tasks (trace ${traceHash.slice(0, 12)})`),
      3,
    ).join(", ");
  const load = `the same load for every runtime: ${tracesText(false)}`;
  const hasControl = traces.some(({ isControl }) => isControl);
  return hasControl ? [load, `its control, sleeps in place of blocks: ${tracesText(true)}`] : [load];
}

function rowOf(document: ResultDocument, treatment: TreatmentRow): Row {
  const trials = document.trials.filter(({ treatmentId }) => treatmentId === treatment.id);
  const cell = document.cells.find(({ treatmentId }) => treatmentId === treatment.id);
  const figures =
    cell === undefined || cell.n === 0 ? columns.slice(4).map(() => NO_FIGURE) : cellTexts(cell, trials);
  const threads = threadsText(treatment);
  const whose = `${treatment.runtime}, threads ${threads}`;
  return {
    texts: [treatment.runtime, threads, String(cell?.n ?? 0), checkedText(trials), ...figures],
    isProven: trials.some(({ valid }) => valid) && trials.every(isProven) && !trials.some(isNoisy),
    why:
      cell === undefined || cell.why === null
        ? refusedText(trials, whose)
        : `why ${whose}: ${whyText(cell.why)}`,
    calm: cell !== undefined && isCalm(cell) ? whose : null,
    cost: costText(whose, trials),
  };
}

/** Enough heartbeats came, and none of them late. */
function isCalm({ metrics, why }: Cell): boolean {
  const { estimate: count } = leafOf(metrics, "canaryDelayNs.count");
  return why === null && count !== null && count >= MIN_HEARTBEATS;
}

/** A trial that was refused for noise has done its work; it is its figures that do not count. */
function isProven({ valid, refusal }: TrialRow): boolean {
  return valid || refusal === "noise";
}

/** Why a treatment has no figures: what all of its attempts were refused for; null: there are some, or none was. */
function refusedText(trials: readonly TrialRow[], whose: string): string | null {
  const refused = trials.filter(({ refusal }) => refusal === "noise");
  if (refused.length === 0 || trials.some(({ valid }) => valid)) return null;
  const kinds = new Map<string, string>();
  for (const reason of refused.flatMap(({ invalidBecause }) => invalidBecause)) {
    // Attempts are refused for the same few things, with other numbers.
    const kind = reason.replaceAll(/\d+(\.\d+)?/g, "");
    if (!kinds.has(kind)) kinds.set(kind, reason);
  }
  const count = refused.length === 1 ? "the only attempt" : `${refused.length} of ${trials.length} attempts`;
  return `refused ${whose}: ${count}: ${limited([...kinds.values()], REASON_LIMIT).join("; ")}`;
}

/** What became of the trials of one treatment, as to the proof of their work. */
function checkedText(trials: readonly TrialRow[]): string {
  if (trials.length === 0) return "not run";
  const refusedCount = trials.filter(({ refusal }) => refusal === "noise").length;
  const proven = trials.filter(isProven).length;
  const ends = [...new Set(trials.filter((trial) => !isProven(trial)).map(endText))];
  const refused = refusedCount === 0 ? [] : [`${refusedCount} refused`];
  const noise = noiseText(trials);
  if (refusedCount === trials.length) return refused.join();
  if (proven === trials.length) return ["proven", ...noise, ...refused].join(", ");
  const provenText = proven === 0 ? [] : [`${proven} of ${trials.length}`];
  return [...provenText, ...noise, ...ends, ...refused].join(", ");
}

/** How a trial that does not count ended, in a word. */
function endText({ outcome, refusal }: TrialRow): string {
  return refusal === "noise" ? "refused" : outcome;
}

/** The mark of figures that are not a quiet machine's. */
function noiseText(trials: readonly TrialRow[]): string[] {
  const noisyCount = trials.filter(isNoisy).length;
  if (noisyCount === 0) return [];
  return [noisyCount === trials.filter(({ valid }) => valid).length ? "noisy" : `${noisyCount} noisy`];
}

function trialText({ treatments }: ResultDocument, trial: TrialRow): string {
  const { id, treatmentId, attempt, workload, runtime, threads } = trial;
  const isControl = treatments.some(
    (treatment) => treatment.id === treatmentId && treatment.controlOf !== null,
  );
  const which = attempt === 1 ? "" : `, attempt ${attempt} of ${ATTEMPT_LIMIT}`;
  return `${isControl ? "control of " : ""}${workload} on ${runtime}, threads ${threads} (${id}${which})`;
}

function limited(lines: readonly string[], limit: number = LINE_LIMIT): string[] {
  return lines.length <= limit
    ? [...lines]
    : [...lines.slice(0, limit), `and ${lines.length - limit} more in the JSON document`];
}
