/** The document for a terminal: a table a workload, and beneath it what went wrong. */
import { styleText } from "node:util";
import type { Format, Screen } from "./format.ts";
import { columns, type Group, overviewOf } from "./overview.ts";
import { plainText, visibleWidth, wrapped } from "./text.ts";

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

const INDENT = "  ";
const GAP = "  ";
/** These columns say whose row it is; they start every block of columns. */
const NAME_COLUMNS = 2;
/** Position of the column that says whether the work is proven. */
const CHECKED_COLUMN = columns.indexOf("work checked");

function groupLines(group: Group, screen: Screen): string[] {
  const paint = painter(screen);
  const texts = [columns, ...group.rows.map((row) => row.texts.map(plainText))];
  const widths = columns.map((_, column) => Math.max(...texts.map((row) => visibleWidth(row[column] ?? ""))));
  const heading = `${paint("bold", plainText(group.workload))}  ${plainText(group.parameters)}`.trimEnd();
  const blocks = blocksOf(widths, screen.width).map((block) =>
    texts.map((row, index) => {
      const proven = index === 0 || group.rows[index - 1]?.isProven === true;
      const cells = block.map((column) => {
        const padded = pad(row[column] ?? "", widths[column] ?? 0, column < NAME_COLUMNS);
        if (index === 0) return paint("dim", padded);
        return column === CHECKED_COLUMN ? paint(proven ? "green" : "red", padded) : padded;
      });
      return `${INDENT}${cells.join(GAP)}`.trimEnd();
    }),
  );
  return [
    heading,
    ...group.loads.map((load) => `${INDENT}${plainText(load)}`),
    ...blocks.flatMap((block, index) => (index === 0 ? block : ["", ...block])),
    ...group.rows.flatMap(({ why }) =>
      why === null ? [] : wrapped(`${INDENT}${plainText(why)}`, screen.width, INDENT.repeat(2)),
    ),
  ];
}

/** The columns side by side as far as the width goes, the rest in further blocks. */
function blocksOf(widths: readonly number[], width: number): number[][] {
  const names = widths.slice(0, NAME_COLUMNS).map((_, column) => column);
  const widthOf = (block: readonly number[]): number =>
    block.reduce((sum, column) => sum + GAP.length + (widths[column] ?? 0), INDENT.length - GAP.length);
  const blocks: number[][] = [];
  let block = [...names];
  for (let column = NAME_COLUMNS; column < widths.length; column++) {
    if (block.length > NAME_COLUMNS && widthOf([...block, column]) > width) {
      blocks.push(block);
      block = [...names];
    }
    block.push(column);
  }
  return [...blocks, block];
}

function pad(text: string, width: number, isLeft: boolean): string {
  const space = " ".repeat(Math.max(0, width - visibleWidth(text)));
  return isLeft ? text + space : space + text;
}
