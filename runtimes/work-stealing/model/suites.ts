/** All cases, by what they are about. */
import type { Code } from "./code.ts";
import { controlCases, defaultCases } from "./core-cases.ts";
import type { Case } from "./explore.ts";
import { queueCases } from "./queue-cases.ts";

export const suites: ReadonlyMap<string, (code: Code) => readonly Case[]> = new Map([
  ["deque and injector", queueCases],
  ["the core", defaultCases],
  ["the core's controls, interrupts and early returns", controlCases],
]);

/** Of all suites. Their names are unique. */
export function allCases(code: Code): readonly Case[] {
  return [...suites.values()].flatMap((casesOf) => casesOf(code));
}
