import { expect, test } from "vitest";
import { settle } from "./settle.ts";

/** How often it looks at a process that uses so much CPU, in µs, from each reading to the next. */
async function looksAt(usedUs: (look: number) => number): Promise<number> {
  let sumUs = 0;
  let readings = 0;
  await settle(() => {
    sumUs += usedUs(Math.floor(readings++ / 2));
    return sumUs;
  });
  return readings / 2;
}

test("a process that rests is not waited for, one that compiles is until it has done", async () => {
  expect(await looksAt(() => 0)).toBe(1);
  expect(await looksAt((look) => (look < 7 ? 600 : 100))).toBe(8);
});

test("a process that never rests is given up", async () => {
  expect(await looksAt(() => 10_000)).toBe(50);
});
