/** The contract of a format: the result document as text. The same document gives the same text. */
import type { ResultDocument } from "../report.ts";

/** What the text is shown on. Formats for files look at none of it. */
export interface Screen {
  readonly color: boolean;
  /** Columns; Infinity: no limit. */
  readonly width: number;
  /** Table and Markdown also show the distances from `ideal`, where the document has any. Absent: they do not. */
  readonly distances?: boolean;
}

export interface Format {
  /** As given to `--format`. */
  readonly name: string;
  /** Of a file in this format, without the dot. */
  readonly extension: string;
  render(document: ResultDocument, screen: Screen): string;
}
