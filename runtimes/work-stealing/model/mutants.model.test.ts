/** Every seeded mistake is seen by the checker, within the bounds of the cases. Prints the table of them. */
import { expect, test } from "vitest";
import { loadCode } from "./code.ts";
import { type Case, explore } from "./explore.ts";
import { type Mutant, mutants } from "./mutants.ts";
import { allCases } from "./suites.ts";
import { print } from "./telling.ts";

/** Where a case has no bound: as the widest that has one. */
const PREEMPTIONS_LIMIT = 5;

interface Death {
  readonly mutant: Mutant;
  /** With how few preemptions it was seen. */
  readonly preemptions: number;
  readonly stateCount: number;
  readonly what: string;
  readonly turns: string;
}

/** Tries the case with no preemption, then with one more at a time, up to its own bound. */
function kill(mutant: Mutant, killer: Case): Death | null {
  let stateCount = 0;
  for (
    let preemptions = 0;
    preemptions <= Math.min(killer.bounds.preemptions, PREEMPTIONS_LIMIT);
    preemptions++
  ) {
    const { violation, ...seen } = explore({ ...killer, bounds: { ...killer.bounds, preemptions } });
    stateCount += seen.stateCount;
    if (violation !== null) return { mutant, preemptions, stateCount, ...violation };
  }
  return null;
}

async function killEach(): Promise<readonly (Death | null)[]> {
  const deaths: (Death | null)[] = [];
  for (const mutant of mutants) {
    const killer = allCases(await loadCode(mutant)).find(({ name }) => name === mutant.killedIn);
    expect(killer, `the case "${mutant.killedIn}"`).toBeDefined();
    deaths.push(killer === undefined ? null : kill(mutant, killer));
  }
  return deaths;
}

test("every mutant is killed", async () => {
  const deaths = await killEach();
  const survivors = mutants.filter((_, index) => deaths[index] === null);
  expect(survivors.map(({ name }) => name)).toEqual([]);
  const killed = deaths.filter((death) => death !== null);
  print([
    `${killed.length} of ${mutants.length} mutants killed; after each: the case, preemptions and states it took, what was seen, and who ran how many steps`,
    ...killed.flatMap(({ mutant, preemptions, stateCount, what, turns }) => [
      `${mutant.module.replace(".js", "")}: ${mutant.name} (${mutant.breaks})`,
      `    ${mutant.killedIn}; ${preemptions} preemptions, ${stateCount} states; ${what}; ${turns}`,
    ]),
  ]);
});

test("code without a mistake survives", async () => {
  const [mutant] = mutants;
  const code = await loadCode(null);
  for (const name of ["an owner of 2, 1 thief", "a poll blocks"]) {
    const survived = allCases(code).find((one) => one.name === name);
    expect(mutant && survived && kill(mutant, survived)).toBe(null);
  }
});

test("a mutant whose text the code does not have, or has twice, is an error", async () => {
  const mutation = { module: "deque.js", from: "no such text", to: "" };
  await expect(loadCode(mutation)).rejects.toThrow("deque.js has 0 times: no such text");
  await expect(loadCode({ ...mutation, from: "return EMPTY;" })).rejects.toThrow("deque.js has 5 times");
  await expect(loadCode({ ...mutation, module: "loop.js" })).rejects.toThrow("loop.js is not loaded");
});
