/** Every format. The first is the default. */
import { csv } from "./csv.ts";
import type { Format } from "./format.ts";
import { json } from "./json.ts";
import { markdown } from "./markdown.ts";
import { table } from "./table.ts";

export const formats: readonly Format[] = [table, json, markdown, csv];
