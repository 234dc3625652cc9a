/**
 * Every case of every suite holds in all its schedules. States are counted and printed.
 *
 * ISOLOAD_PREEMPTIONS=4 (or more) raises the bounds that are lower: it takes minutes and gigabytes of memory.
 */
import { strict as assert } from "node:assert";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCode } from "./code.ts";
import type { Case, Exploration } from "./explore.ts";
import { exploreApart } from "./explore-apart.ts";
import { allCases, suites } from "./suites.ts";
import { print } from "./telling.ts";

const SUITE_LIMIT_MS = 3600e3;

const code = await loadCode(null);
const explorations = new Map<string, Exploration>();

const asked = Number(process.env.ISOLOAD_PREEMPTIONS ?? 0);
assert(Number.isInteger(asked) && asked >= 0 && asked < 100, "ISOLOAD_PREEMPTIONS is a count below 100");

/** The case's bound, or the one that was asked for if that is higher. */
function preemptionsOf({ bounds }: Case): number {
  return Math.max(bounds.preemptions, asked);
}

function line(one: Case, { stateCount, endCount }: Exploration): string {
  const preemptions = preemptionsOf(one);
  const bound = preemptions === Number.POSITIVE_INFINITY ? "every schedule" : `${preemptions} preemptions`;
  const early = one.bounds.earlyReturns > 0 ? `, ${one.bounds.earlyReturns} early return` : "";
  return `  ${one.name}: ${bound}${early}; ${stateCount} states, ${endCount} ends`;
}

beforeAll(async () => {
  const requests = allCases(code).map((one) => ({ name: one.name, preemptions: preemptionsOf(one) }));
  await exploreApart(requests, (name, exploration) => explorations.set(name, exploration));
}, SUITE_LIMIT_MS);

describe.each([...suites])("%s", (title, casesOf) => {
  const cases = casesOf(code);

  test.each(cases)("$name", ({ name }) => {
    const violation = explorations.get(name)?.violation;
    expect([name, violation?.what, ...(violation?.lines ?? [])]).toEqual([name, undefined]);
    expect(explorations.get(name)?.endCount).toBeGreaterThan(0);
  });

  afterAll(() => {
    const lines: string[] = [];
    let stateCount = 0;
    for (const one of cases) {
      const seen = explorations.get(one.name);
      if (seen === undefined) continue;
      stateCount += seen.stateCount;
      lines.push(line(one, seen));
    }
    print([`Interleavings of ${title}: ${stateCount} states`, ...lines]);
  });
});

test("no two cases have the same name", () => {
  const names = allCases(code).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
