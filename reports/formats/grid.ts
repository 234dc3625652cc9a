/** Columns of text side by side as far as the screen is wide, the rest in further blocks below. */
import { visibleWidth } from "./text.ts";

export interface Grid {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** These columns say whose row it is: they stand to the left and start every block. */
  readonly nameColumns: number;
  /** Colours a cell that has its final width; row −1 is the header. */
  paint(text: string, row: number, column: number): string;
}

export const INDENT = "  ";
const GAP = "  ";

export function gridLines(grid: Grid, width: number): string[] {
  const texts = [grid.columns, ...grid.rows];
  const widths = grid.columns.map((_, column) =>
    Math.max(...texts.map((row) => visibleWidth(row[column] ?? ""))),
  );
  const blocks = blocksOf(widths, grid.nameColumns, width).map((block) =>
    texts.map((row, index) => {
      const cells = block.map((column) => {
        const padded = pad(row[column] ?? "", widths[column] ?? 0, column < grid.nameColumns);
        return grid.paint(padded, index - 1, column);
      });
      return `${INDENT}${cells.join(GAP)}`.trimEnd();
    }),
  );
  return blocks.flatMap((block, index) => (index === 0 ? block : ["", ...block]));
}

function blocksOf(widths: readonly number[], nameColumns: number, width: number): number[][] {
  const names = widths.slice(0, nameColumns).map((_, column) => column);
  const widthOf = (block: readonly number[]): number =>
    block.reduce((sum, column) => sum + GAP.length + (widths[column] ?? 0), INDENT.length - GAP.length);
  const blocks: number[][] = [];
  let block = [...names];
  for (let column = nameColumns; column < widths.length; column++) {
    if (block.length > nameColumns && widthOf([...block, column]) > width) {
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
