/** Users' runtimes through the selftest: a sound one passes the table, a broken one is stopped at the case it fails. */
import { expect, test } from "vitest";
import { cheats, fifo, isTrial, moduleOf, modulePathOf } from "../../../runtimes/user/fixtures/modules.ts";
import { UsageError } from "../../plan/usage-error.ts";
import type { Answer } from "./answer.ts";
import { selftest } from "./selftest.ts";

async function conformanceOf(source: string): Promise<readonly Answer[]> {
  const { answers } = await selftest({ runtime: modulePathOf(source), only: ["conformance"] });
  return answers;
}

test("a sound runtime passes every case of the table, one answer each", async () => {
  const answers = await conformanceOf(moduleOf(fifo));
  expect(answers.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
  expect(answers.length).toBeGreaterThan(15);
  expect(answers[0]?.name).toMatch(/^conformance of \S*mine\.mjs \(mine\): does every task exactly once/);
});

test("what a module prints is no answer, whole lines or parts of one", async () => {
  const printing = `console.log("made"); process.stdout.write("no newline {"); ${fifo}`;
  const answers = await conformanceOf(`console.info("loaded");\n${moduleOf(printing)}`);
  expect(answers.length).toBeGreaterThan(15);
  expect(answers.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
});

test("what a runtime prints is none of its cases, and its end is not theirs", async () => {
  const inTable = 'process.argv[1].includes("conformance-process") && isMainThread';
  const ends = `import { isMainThread } from "node:worker_threads";
if (${inTable}) setTimeout(() => process.exit(0), 20);
`;
  const printing = await conformanceOf(`console.log("noise");\n${moduleOf(fifo)}`);
  expect(printing.filter(({ verdict }) => verdict !== "ok")).toEqual([]);
  expect(printing.length).toBeGreaterThan(15);
  const ended = await conformanceOf(ends + moduleOf(fifo));
  expect(ended.at(-1)).toMatchObject({
    verdict: "wrong",
    remark: expect.stringContaining("its process ended with exit code 0"),
  });
});

test.each([
  ["drops an id", moduleOf(cheats["drops an id"]), /task 3 /],
  [
    "throws in its scheduler",
    moduleOf(`if ${isTrial} throw new Error("no luck"); ${fifo}`),
    /no luck \(mine\.mjs:3\)/,
  ],
  ["answers an id for ever", moduleOf("return { ready() {}, next: () => 7 };"), /answered 7, which is done/],
  ["ends the process", moduleOf("process.exit(3);"), /process\.exit|exit code|ended/i],
])("a runtime that %s is wrong at the case it fails, and no other is run", async (_, source, reason) => {
  const { answers } = await selftest({ runtime: modulePathOf(source) });
  const [first, ...rest] = answers;
  expect(first?.verdict).toBe("wrong");
  expect(first?.remark).toMatch(reason);
  expect(rest.length).toBeGreaterThan(0);
  expect(rest.every(({ verdict, remark }) => verdict === "not-judged" && remark.startsWith("not run"))).toBe(
    true,
  );
});

const withDepth =
  'options: { depth: { kind: "choice", meaning: "where to", choices: ["up", "down"], default: "up" } },';

test.each([
  ["./nowhere.mjs", /there is no file/],
  [`${modulePathOf(moduleOf(fifo))}:depth=3`, /no parameter is called "depth"/],
  [
    `${modulePathOf(moduleOf(fifo, { fields: withDepth }))}:depth=9`,
    /mine\.mjs: depth is "9"\. Give up or down/,
  ],
  [`${modulePathOf(moduleOf(fifo))},other`, /is not one module/],
])("%s is refused before anything starts", async (runtime, reason) => {
  const refusal = selftest({ runtime });
  await expect(refusal).rejects.toThrow(UsageError);
  await expect(refusal).rejects.toThrow(reason);
});
