/** Reads the settings of one workload or runtime against its parameter table. */
import {
  type ParameterTable,
  type ParameterValues,
  type Problem,
  parseParameters,
} from "../../workloads/parameter.ts";
import type { Place } from "./layer.ts";

/** Reads settings against a table: the values, or null with every problem added at its own place. */
export function readParameters(
  settings: Readonly<Record<string, unknown>>,
  context: {
    readonly table: ParameterTable;
    /** Of the workload or runtime the table belongs to. */
    readonly name: string;
    place(key: string | null, part: "key" | "value"): Place;
    readonly problems: Problem[];
  },
): ParameterValues | null {
  const { table, name, place, problems } = context;
  const before = problems.length;
  for (const [key, value] of Object.entries(settings)) {
    const alone = parseParameters(table, { [key]: value }, "");
    if (!("problems" in alone)) continue;
    const { where } = place(key, Object.hasOwn(table, key) ? "value" : "key");
    for (const { where: at, message } of alone.problems) {
      problems.push({ where, message: at === "" ? `${name}: ${message}` : `${name}: ${key} ${message}` });
    }
  }
  const parsed = parseParameters(table, settings, "");
  return problems.length > before || "problems" in parsed ? null : parsed.values;
}
