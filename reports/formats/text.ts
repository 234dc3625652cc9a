/**
 * Text that came from outside, made harmless: labels, messages, the last words of a crashed process.
 */
import { stripVTControlCharacters } from "node:util";

/** Controls, line breaks and the marks that reorder or hide text (Unicode TR 36, "Trojan Source"). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose.
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g;

/** Line starts that a CI runner takes for a command. */
const RUNNER_COMMAND = /^(:(?=:)|#(?=#\[))/;

/** One line without control characters, that no terminal and no CI runner obeys. */
export function plainText(text: string): string {
  return stripVTControlCharacters(text).replaceAll(INVISIBLE, " ").trim().replace(RUNNER_COMMAND, "$1 ");
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;

/** Columns of a terminal that `text` takes; colours take none. */
export function visibleWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(stripVTControlCharacters(text))) {
    width += WIDE.test(segment) ? 2 : 1;
  }
  return width;
}

/** `text` in lines of at most `width` columns, as far as its words allow; `indent` starts all but the first. */
export function wrapped(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/(?<=\S) /)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line === "" || visibleWidth(longer) <= width) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = `${indent}${word}`;
  }
  return [...lines, line];
}
