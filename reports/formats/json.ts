/** The result document itself, its keys in the order of the schema. What a terminal might obey is escaped. */
import type { Format } from "./format.ts";

export const json: Format = {
  name: "json",
  extension: "json",
  render: (document) => `${JSON.stringify(document, null, 2).replaceAll(HIDDEN, escapeUnit)}\n`,
};

/** What JSON leaves as it stands and a terminal may obey or hide. */
const HIDDEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
