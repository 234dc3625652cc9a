/**
 * What table and Markdown both show: the document's figures as text, by workload, and what is to be said
 * beneath. Strings from outside are still raw here; each format escapes them in its own way.
 */
import type { TrialRow } from "../analyze.ts";
import { median } from "../interval.ts";
import type { SensorName } from "../judge/validity.ts";
import { leafOf } from "../metrics/tree.ts";
import type { Cell, ResultDocument, TreatmentRow } from "../report.ts";
import { countText, exactCountText, NO_FIGURE, nsText, shareText } from "./units.ts";
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
  /** The load that all of them executed. */
  readonly load: string;
  readonly rows: readonly Row[];
}

export interface Row {
  /** One text a column. */
  readonly texts: readonly string[];
  readonly isProven: boolean;
  /** Whose it is and why ready work waited; null: it did not, for longer than 10 ms. */
  readonly why: string | null;
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

const legend: readonly string[] = [
  "medians over n valid trials · tasks/s: finished, or offered → done in open loops · wait: from the intended start to the first poll (closed loops: from the hand-over)",
  "frozen: share of the time in which ready work waited more than 10 ms · heartbeat: how late a task of no work runs, one every canary period",
  "slowdown: the victims' response p99 against that of the same work without blocking, where such a control was run",
  `${NO_FIGURE} no figure: fewer than 10 samples above a percentile, or not measured · ≥ some heartbeats never came`,
];

const NOISY =
  "noisy: something else disturbed such trials, as the warnings say; their figures tell of that as well as of the runtime";

export function overviewOf(document: ResultDocument): Overview {
  return {
    title: titleOf(document),
    groups: groupsOf(document),
    legend: document.trials.some(isNoisy) ? [...legend, NOISY] : legend,
    notes: document.plan.notes,
    failures: limited(
      document.trials
        .filter(({ valid }) => !valid)
        .map((trial) => `${trialText(trial)}: ${fateText(trial)}: ${trial.invalidBecause.join("; ")}`),
    ),
    warnings: limited(
      document.trials.flatMap((trial) => trial.warnings.map((text) => `${trialText(trial)}: ${text}`)),
    ),
  };
}

function titleOf({ environment, plan, state, trials }: ResultDocument): string {
  const { isoloadVersion, nodeVersion, tokioVersion, coreCount, coreCountSource, cpuModel } = environment;
  const parts = [
    `isoload ${isoloadVersion}`,
    state === "complete" ? "complete" : `${state}: ${trials.length} of ${plan.trialCount} trials`,
    `${plan.roundCount} ${plan.roundCount === 1 ? "round" : "rounds"}`,
    `seed ${plan.seed}`,
    `Node ${nodeVersion}`,
    ...(tokioVersion === null ? [] : [`Tokio ${tokioVersion}`]),
    `${coreCount} ${coreCount === 1 ? "core" : "cores"} (${coreCountSource}) of ${cpuModel}`,
  ];
  return parts.join(" · ");
}

function groupsOf(document: ResultDocument): Group[] {
  const groups = new Map<string, { first: TreatmentRow; rows: Row[] }>();
  for (const treatment of document.treatments) {
    const key = `${treatment.workload}:${parametersText(treatment.parameters)}`;
    const group = groups.get(key) ?? { first: treatment, rows: [] };
    group.rows.push(rowOf(document, treatment));
    groups.set(key, group);
  }
  return [...groups.values()].map(({ first, rows }) => ({
    workload: first.workload,
    parameters: parametersText(first.parameters),
    load: loadOf(document, first),
    rows,
  }));
}

/** What is to be said of single rows: first why work waited, then what the harness itself paid. */
export function remarksOf({ rows }: Group): string[] {
  return [...rows.map(({ why }) => why), ...rows.map(({ cost }) => cost)].filter((remark) => remark !== null);
}

export function parametersText(parameters: TreatmentRow["parameters"]): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function loadOf(document: ResultDocument, treatment: TreatmentRow): string {
  const parameters = parametersText(treatment.parameters);
  const traces = document.traces.filter(
    (trace) => trace.workload === treatment.workload && parametersText(trace.parameters) === parameters,
  );
  const shown = traces.map(
    ({ taskCount, traceHash }) => `${taskCount} tasks (trace ${traceHash.slice(0, 12)})`,
  );
  return `the same load for every runtime: ${limited(shown, 3).join(", ")}`;
}

function rowOf(document: ResultDocument, treatment: TreatmentRow): Row {
  const trials = document.trials.filter(({ treatmentId }) => treatmentId === treatment.id);
  const cell = document.cells.find(({ treatmentId }) => treatmentId === treatment.id);
  const figures =
    cell === undefined || cell.n === 0 ? columns.slice(4).map(() => NO_FIGURE) : figuresOf(cell, trials);
  const threads =
    treatment.threads === String(treatment.workerCount)
      ? treatment.threads
      : `${treatment.threads} (${treatment.workerCount})`;
  const why = cell?.why ?? null;
  return {
    texts: [treatment.runtime, threads, String(cell?.n ?? 0), checkedText(trials), ...figures],
    isProven: trials.length > 0 && trials.every((trial) => trial.valid && !isNoisy(trial)),
    why: why === null ? null : `why ${treatment.runtime}, threads ${threads}: ${whyText(why)}`,
    cost: costText(`${treatment.runtime}, threads ${threads}`, trials),
  };
}

/** What became of the trials of one treatment, as to the proof of their work. */
function checkedText(trials: readonly TrialRow[]): string {
  const proven = trials.filter(({ valid }) => valid).length;
  const noisy = trials.filter(isNoisy).length;
  const fates = [...new Set(trials.filter(({ valid }) => !valid).map(fateText))].join(", ");
  const noise = noisy === 0 ? "" : noisy === proven ? ", noisy" : `, ${noisy} noisy`;
  if (trials.length === 0) return "not run";
  if (proven === trials.length) return `proven${noise}`;
  return proven === 0 ? fates : `${proven} of ${trials.length}${noise}, ${fates}`;
}

/** What became of a trial that counts for nothing. */
function fateText({ refusal, outcome }: TrialRow): string {
  return refusal === "noise" ? "disturbed" : outcome;
}

/** A trial that counts although something else disturbed it, because the plan only warns of that. */
export function isNoisy({ valid, sensors }: TrialRow): boolean {
  return valid && (sensors ?? []).some(({ verdict }) => verdict === "beyond");
}

const lateness: readonly (readonly [SensorName, string])[] = [
  ["witnessLateness", "the witness looked"],
  ["releaseLag", "tasks were released"],
  ["blockOvershoot", "blocks ended"],
];

/** Medians over the valid trials that have the figure, of the p99 of each. */
function costText(who: string, trials: readonly TrialRow[]): string | null {
  const parts = lateness.flatMap(([name, what]) => {
    const readings = trials.flatMap(({ valid, sensors }) =>
      (valid ? (sensors ?? []) : []).filter(
        ({ sensor, verdict }) => sensor === name && verdict === "cost of oversubscription",
      ),
    );
    const figures = readings.flatMap(({ figure }) => (figure === null ? [] : [figure]));
    const late = figures.length === 0 ? 0 : median(figures);
    return readings.some(({ bound }) => late > bound) ? [`${what} ${nsText(late)} late`] : [];
  });
  return parts.length === 0
    ? null
    : `cost of oversubscription ${who}: at p99 ${parts.join(", ")}, for want of a free core`;
}

function figuresOf(cell: Cell, trials: readonly TrialRow[]): string[] {
  const figure = (name: string): number | null => leafOf(cell.metrics, name).estimate;
  const censoredFromNs = figure("canaryCensoredFromNs");
  const delay = (name: string): string => {
    const ns = figure(name);
    return ns !== null && censoredFromNs !== null && ns >= censoredFromNs ? `≥ ${nsText(ns)}` : nsText(ns);
  };
  const offered = figure("offeredPerSecond");
  const freezeAtNs = figure("longestFreezeAtNs");
  return [
    offered === null
      ? countText(figure("throughputPerSecond"))
      : `${countText(offered)} → ${countText(figure("donePerSecond"))}`,
    nsText(figure("waitNs.p50")),
    nsText(figure("waitNs.p99")),
    nsText(figure("responseNs.p99")),
    shareText(figure("starvedShare")),
    freezeAtNs === null ? delay("longestFreezeNs") : `${delay("longestFreezeNs")} at ${nsText(freezeAtNs)}`,
    delay("canaryDelayNs.p99"),
    // No plan has a control treatment.
    NO_FIGURE,
    unservedText(trials),
  ];
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

function trialText({ id, workload, runtime, threads }: TrialRow): string {
  return `${workload} on ${runtime}, threads ${threads} (${id})`;
}

function limited(lines: readonly string[], limit: number = LINE_LIMIT): string[] {
  return lines.length <= limit
    ? [...lines]
    : [...lines.slice(0, limit), `and ${lines.length - limit} more in the JSON document`];
}
