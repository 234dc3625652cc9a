/** One row a trial, all figures in the catalogue's units: for spreadsheets and scripts. */
import { stringify } from "csv-stringify/sync";
import type { TrialRow } from "../analyze.ts";
import { degradationByTrial, degradationQuantiles, type TrialDegradation } from "../degradation.ts";
import { idealTrials, shownDistances } from "../distance.ts";
import { metrics } from "../metrics/catalog.ts";
import { leafOf } from "../metrics/tree.ts";
import type { ResultDocument } from "../report.ts";
import { whyOf } from "../why.ts";
import { isNoisy } from "./disturbance.ts";
import type { Format } from "./format.ts";
import { parametersText } from "./overview.ts";
import { plainText } from "./text.ts";
import { whyText } from "./why.ts";

const countNames = ["planned", "done", "failed", "cancelled", "unserved", "spawned", "polls"] as const;

const headColumns: readonly string[] = [
  "id",
  "treatmentId",
  "round",
  "attempt",
  "workload",
  "parameters",
  "runtime",
  "threads",
  "workerCount",
  "outcome",
  "valid",
  "invalidBecause",
  "noisy",
  "traceHash",
  "resultHash",
  "controlOf",
  "why",
];

export const csv: Format = {
  name: "csv",
  extension: "csv",
  render: (document) => {
    const header = [
      ...headColumns,
      ...countNames.map((name) => `counts.${name}`),
      ...degradationQuantiles.map((name) => `degradation.${name}`),
      ...shownDistances.map((name) => `ideal.${name}`),
      ...metrics.map(({ name }) => name),
    ];
    const references = { degradations: degradationsOf(document), idealOf: idealTrials(document.trials) };
    const rows = document.trials.map((trial) => rowOf(document, trial, references));
    // A cell that starts like a formula would run in a spreadsheet.
    return stringify([header, ...rows], { escape_formulas: true });
  },
};

/** Of every trial that has a control, by its id. */
function degradationsOf({ treatments, trials }: ResultDocument): ReadonlyMap<string, TrialDegradation> {
  return new Map(
    treatments.flatMap(({ id, controlOf }) =>
      controlOf === null ? [] : [...degradationByTrial(controlOf, id, trials)],
    ),
  );
}

/** What a trial is held against. */
interface References {
  readonly degradations: ReadonlyMap<string, TrialDegradation>;
  idealOf(trial: TrialRow): TrialRow | null;
}

type Value = string | number | null;

function rowOf({ treatments }: ResultDocument, trial: TrialRow, references: References): Value[] {
  const treatment = treatments.find(({ id }) => id === trial.treatmentId);
  const why = trial.valid ? whyOf(trial) : null;
  const head: Value[] = [
    trial.id,
    trial.treatmentId,
    trial.round,
    trial.attempt,
    trial.workload,
    treatment === undefined ? "" : parametersText(treatment.parameters),
    trial.runtime,
    trial.threads,
    trial.workerCount,
    trial.outcome,
    String(trial.valid),
    trial.invalidBecause.join("; "),
    String(isNoisy(trial)),
    trial.traceHash,
    trial.resultHash,
    treatment?.controlOf ?? null,
    why === null ? null : whyText(why),
  ];
  const { counts, metrics: tree } = trial;
  const degradation = references.degradations.get(trial.id);
  const ideal = references.idealOf(trial)?.metrics ?? null;
  return [
    ...head.map((value) => (typeof value === "string" ? plainText(value) : value)),
    ...countNames.map((name) => (counts === null ? null : counts[name])),
    ...degradationQuantiles.map((name) => degradation?.[name] ?? null),
    ...shownDistances.map((name) => (ideal === null ? null : leafOf(ideal, name))),
    ...metrics.map(({ name }) => (tree === null ? null : leafOf(tree, name))),
  ];
}
