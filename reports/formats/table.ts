/** The document for a terminal: a table a workload, and beneath it what went wrong. */
import { styleText } from "node:util";
import { distanceColumns, distanceTitle } from "./distances.ts";
import type { Format, Screen } from "./format.ts";
import { type Grid, gridLines, INDENT } from "./grid.ts";
import { columns, type Group, overviewOf, remarksOf } from "./overview.ts";
import { plainText, wrapped } from "./text.ts";

export const table: Format = {
  name: "table",
  extension: "txt",
  render: (document, screen) => {
    const overview = overviewOf(document);
    const paint = painter(screen);
    const lines = [
      paint("bold", plainText(overview.title)),
      ...overview.groups.flatMap((group) => ["", ...groupLines(group, screen)]),
      "",
      ...overview.legend.map((line) => paint("dim", line)),
      ...remarks("note", overview.notes),
      ...remarks(paint("yellow", "warning"), overview.warnings),
      ...remarks(paint("red", "not counted"), overview.failures),
    ];
    return `${lines.join("\n")}\n`;
  },
};

type Style = "bold" | "dim" | "red" | "green" | "yellow";

function painter({ color }: Screen): (style: Style, text: string) => string {
  // Whether there is colour is the caller's decision: no stream is asked here.
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

function remarks(kind: string, lines: readonly string[]): string[] {
  return lines.map((line) => `${kind}: ${plainText(line)}`);
}

/** Whose row it is: runtime and threads. */
const NAME_COLUMNS = 2;
/** Position of the column that says whether the work is proven. */
const CHECKED_COLUMN = columns.indexOf("work checked");

function groupLines(group: Group, screen: Screen): string[] {
  const paint = painter(screen);
  const grid: Grid = {
    columns,
    rows: group.rows.map((row) => row.texts.map(plainText)),
    nameColumns: NAME_COLUMNS,
    paint: (text, row, column) => {
      if (row < 0) return paint("dim", text);
      return column === CHECKED_COLUMN
        ? paint(group.rows[row]?.isProven === true ? "green" : "red", text)
        : text;
    },
  };
  return [
    `${paint("bold", plainText(group.workload))}  ${plainText(group.parameters)}`.trimEnd(),
    ...group.loads.map((load) => `${INDENT}${plainText(load)}`),
    ...gridLines(grid, screen.width),
    ...remarksOf(group).flatMap((remark) =>
      wrapped(`${INDENT}${plainText(remark)}`, screen.width, INDENT.repeat(2)),
    ),
    ...(screen.distances ? distanceLines(group, screen) : []),
  ];
}

function distanceLines({ distances }: Group, screen: Screen): string[] {
  if (distances.length === 0) return [];
  const paint = painter(screen);
  const grid: Grid = {
    columns: distanceColumns,
    rows: distances.map((row) => row.map(plainText)),
    nameColumns: NAME_COLUMNS,
    paint: (text, row) => (row < 0 ? paint("dim", text) : text),
  };
  return [
    "",
    ...wrapped(`${INDENT}${distanceTitle}`, screen.width, INDENT),
    ...gridLines(grid, screen.width),
  ];
}
