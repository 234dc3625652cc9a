/** Stand-in until the reports are merged. */
import type { Format } from "./format.ts";

const table: Format["render"] = ({ trials }) =>
  trials.map(({ id, workload, runtime, outcome }) => `${id} ${workload} ${runtime} ${outcome}\n`).join("");

export const formats: readonly Format[] = [
  { name: "table", extension: "txt", render: table },
  { name: "json", extension: "json", render: (document) => `${JSON.stringify(document, null, 2)}\n` },
  { name: "markdown", extension: "md", render: table },
  { name: "csv", extension: "csv", render: table },
];
