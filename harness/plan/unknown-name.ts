/** The message about a name nobody knows: with the nearest known one, or all of them. */
import { nearest, shown } from "../../workloads/parameter.ts";

export function unknownName(noun: string, name: unknown, known: readonly string[]): string {
  const near = typeof name === "string" ? nearest(name, known) : null;
  const advice = near === null ? `Known are ${known.join(", ")}.` : `Did you mean "${near}"?`;
  return `no ${noun} is called ${shown(name)}. ${advice}`;
}
