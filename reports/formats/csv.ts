/** One row a trial, all figures in the catalogue's units: for spreadsheets and scripts. */
import { stringify } from "csv-stringify/sync";
import type { TrialRow } from "../analyze.ts";
import { metrics } from "../metrics/catalog.ts";
import { leafOf } from "../metrics/tree.ts";
import type { ResultDocument } from "../report.ts";
import { whyOf } from "../why.ts";
import type { Format } from "./format.ts";
import { isNoisy, parametersText } from "./overview.ts";
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
  "why",
];

export const csv: Format = {
  name: "csv",
  extension: "csv",
  render: (document) => {
    const header = [
      ...headColumns,
      ...countNames.map((name) => `counts.${name}`),
      ...metrics.map(({ name }) => name),
    ];
    const rows = document.trials.map((trial) => rowOf(document, trial));
    // A cell that starts like a formula would run in a spreadsheet.
    return stringify([header, ...rows], { escape_formulas: true });
  },
};

type Value = string | number | null;

function rowOf({ treatments }: ResultDocument, trial: TrialRow): Value[] {
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
    why === null ? null : whyText(why),
  ];
  const { counts, metrics: tree } = trial;
  return [
    ...head.map((value) => (typeof value === "string" ? plainText(value) : value)),
    ...countNames.map((name) => (counts === null ? null : counts[name])),
    ...metrics.map(({ name }) => (tree === null ? null : leafOf(tree, name))),
  ];
}
