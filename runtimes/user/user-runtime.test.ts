import { strict as assert } from "node:assert";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { build } from "../../workloads/trace/build.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import { conformanceOf } from "../conformance/conformance.ts";
import { atOnce, closed, drive, oneClass, stream } from "../conformance/drive.ts";
import { timeOf, violations } from "../conformance/violations.ts";
import { taskRecordRow } from "../record.ts";
import type { Records } from "../records.ts";
import type { Runtime } from "../runtime.ts";
import { cheats, fifo, lifo, moduleOf, modulePathOf, sharing } from "./fixtures/modules.ts";
import { loadRuntimeModule } from "./module.ts";

async function runtimeOf(source: string): Promise<Runtime> {
  const loaded = await loadRuntimeModule(modulePathOf(source), "./mine.mjs");
  assert("runtime" in loaded, "wrong" in loaded ? loaded.wrong : "");
  return loaded.runtime;
}

async function wrongOf(source: string | null, file?: string): Promise<string> {
  const loaded = await loadRuntimeModule(modulePathOf(source, file), "./mine.mjs");
  return "wrong" in loaded ? loaded.wrong : "";
}

/** The same in a process without the loader of the tests. */
function wrongInNode(path: string): string {
  const loader = JSON.stringify(new URL("./module.js", import.meta.url).href);
  const program = `const { loadRuntimeModule } = await import(${loader});
    console.log((await loadRuntimeModule(${JSON.stringify(path)}, "./mine.mjs")).wrong);`;
  const flags = ["--input-type=module", "--eval", program];
  return spawnSync(process.execPath, flags, { encoding: "utf8" }).stdout;
}

/** A module with a whole runtime that does nothing, and this `availability` in line 2. */
const wholeRuntime = (availability: string): string => `export const runtime = {
  ${availability},
  name: "own", summary: "s", workers: "one", time: "live", options: {}, ops: new Set(), start() {},
};`;

const runsTypeScript = Boolean(Reflect.get(process.features, "typescript"));

/** One task that spawns a hundred empty ones, whose ids follow its own. */
const family = (): Trace =>
  build(
    oneClass([
      stream(atOnce(1), [
        { op: "spawn", children: Array.from({ length: 100 }, () => ({ class: "task", ops: [] })) },
        { op: "join" },
      ]),
    ]),
    1,
    { periodNs: 1e9 },
  );

/** The children of `family`, in the order of their first polls. */
function childrenInOrder(records: Records): number[] {
  const children = Array.from({ length: 100 }, (_, child) => 1 + child);
  return children.sort((a, b) => timeOf(records, a, "firstPollNs") - timeOf(records, b, "firstPollNs"));
}

const workerOf = (records: Records, task: number): number =>
  records.taskU16[(task * taskRecordRow.strideBytes) / 2 + taskRecordRow.index.worker] as number;

test("the scheduler decides the order: a queue and a stack poll the same children the other way round", async () => {
  const trace = family();
  const queued = await drive({ runtime: await runtimeOf(moduleOf(fifo)), workerCount: 1 }, trace);
  const stacked = await drive({ runtime: await runtimeOf(moduleOf(lifo)), workerCount: 1 }, trace);
  expect(violations(trace, queued.records)).toEqual([]);
  expect(violations(trace, stacked.records)).toEqual([]);
  expect(childrenInOrder(stacked.records)).toEqual(childrenInOrder(queued.records).reverse());
  expect(childrenInOrder(queued.records)[0]).toBe(1);
});

test.each([1, 2, 3])(
  "ids pass through shared memory among %d workers, and the one they are for is woken",
  async (workerCount) => {
    const trace = build(
      oneClass([
        stream(atOnce(500), [{ op: "cpu", units: 100 }]),
        stream(closed(8, 400, 0.2e6), [{ op: "yield" }]),
      ]),
      2,
      { periodNs: 1e6 },
    );
    const { body, fields } = sharing;
    const { records } = await drive(
      { runtime: await runtimeOf(moduleOf(body, { fields })), workerCount },
      trace,
    );
    expect(violations(trace, records)).toEqual([]);
    const odd = Array.from({ length: 250 }, (_, index) => 1 + 2 * index);
    expect(odd.filter((task) => workerOf(records, task) !== workerCount - 1)).toEqual([]);
  },
);

test.each(Object.entries(cheats))("the conformance table names a runtime that %s", async (_, body) => {
  const runtime = await runtimeOf(moduleOf(body));
  for await (const { wrong } of conformanceOf({ runtime, workerCount: 1 })) {
    expect(wrong.join("; ")).toMatch(/task 3 |tasks (done|started)|canaries/);
    return;
  }
});

describe("a trial ends with the reason where", () => {
  test.each([
    ["makeScheduler throws", 'throw new Error("no luck")', /no luck/],
    ["no scheduler is made", "return { next: () => -1 }", /answered a mapping, not a scheduler/],
    [
      "next answers what is no id",
      "return { ready() {}, next: () => 0.5 }",
      /next\(\) answered 0.5. It must answer an id/,
    ],
    ["next answers nothing", "return { ready() {}, next() {} }", /next\(\) answered undefined/],
  ])("%s", async (_, body, reason) => {
    const runtime = await runtimeOf(moduleOf(body));
    await expect(drive({ runtime, workerCount: 1 }, family())).rejects.toThrow(reason);
  });

  test("more memory is asked for than there can be", async () => {
    const runtime = await runtimeOf(moduleOf(fifo, { fields: "sharedWordCount: () => 1e12," }));
    await expect(drive({ runtime, workerCount: 1 }, family())).rejects.toThrow(
      "sharedWordCount of mine answered 1000000000000. It must answer a whole number up to 268435456.",
    );
  });
});

describe("a module is refused in a sentence that", () => {
  test.each([
    ["names the missing file", null, /there is no file .*mine\.mjs\. Give the path/],
    ["says what it threw", 'throw new Error("no luck\\nat all")', /cannot be loaded: Error: no luck\. Mend/],
    ["says that it threw no error", "throw null", /it threw null/],
    ["has the syntax error", "export default {", /cannot be loaded: .*syntax/i],
    ["names the package it lacks", 'import "no-such-package"', /Cannot find package 'no-such-package'/],
    ["asks for the export", "export const x = 1", /has no default export\. Write: export default \{/],
    ["says what came instead", "export default 5", /it is 5, not an object with name, summary/],
    [
      "lists every field",
      "export default { name: 7 }",
      /its name is 7: .*; it has no summary: .*makeScheduler/,
    ],
    [
      "knows the words",
      moduleOf(fifo).replace('"many"', '"several"'),
      /its workers is "several": give "one" or/,
    ],
    [
      "checks options",
      moduleOf(fifo, { fields: "options: { depth: 3 }," }),
      /its options is a mapping: give/,
    ],
    [
      "judges a whole runtime",
      "export const runtime = { name: 'x' }",
      /exports a runtime that is none: it has no/,
    ],
    [
      "has what its availability answers",
      wholeRuntime("availability: () => true"),
      /availability of .*mine\.mjs answered true\. It must answer \{ available: true, version \} or/,
    ],
  ])("%s", async (_, source, sentence) => {
    expect(await wrongOf(source)).toMatch(sentence);
  });
});

describe("Node itself, whose stacks tell places, refuses a module in a sentence that", () => {
  test.each([
    [
      "has the place of what it threw",
      'const a = 1;\nthrow new Error("no luck");',
      /Error: no luck\. Mend it at mine\.mjs:2, or/,
    ],
    [
      "has the syntax error and its place",
      "export default {\n  name: 'x'\n  summary: 'y'\n};",
      /cannot be loaded: SyntaxError: Unexpected identifier 'summary'\. Mend it at mine\.mjs:3, or/,
    ],
    [
      "has what its availability throws",
      wholeRuntime('availability() { throw new Error("no luck"); }'),
      /cannot be loaded: Error: no luck\. Mend it at mine\.mjs:2, or/,
    ],
    [
      "has what a getter throws",
      moduleOf(fifo).replace('summary: "a test\'s"', "get summary() { throw new Error('no luck'); }"),
      /cannot be loaded: Error: no luck\. Mend it at mine\.mjs:2, or/,
    ],
  ])("%s", (_, source, sentence) => {
    expect(wrongInNode(modulePathOf(source))).toMatch(sentence);
  });

  test.skipIf(runsTypeScript)("tells to compile TypeScript, where it does not run it", () => {
    expect(wrongInNode(modulePathOf(moduleOf(fifo), "mine.ts"))).toMatch(
      /mine\.ts cannot be loaded: Node v.* does not run TypeScript\. Compile it to \.mjs/,
    );
  });
});

test("a whole runtime may be an object of a class", async () => {
  const runtime = await runtimeOf(`class Own {
  name = "own"; summary = "s"; workers = "one"; time = "live"; options = {}; ops = new Set();
  availability() { return { available: true, version: this.name }; }
  start() {}
}
export const runtime = new Own();`);
  expect([runtime.name, runtime.summary, runtime.availability()]).toEqual([
    "./mine.mjs",
    "s",
    { available: true, version: "own" },
  ]);
});

test("what the misfit of a whole runtime throws stands against its options", async () => {
  const runtime = await runtimeOf(`${wholeRuntime("availability: () => ({ available: true, version: '1' })")}
runtime.misfit = () => { throw new Error("no luck"); };`);
  expect(runtime.misfit?.({})).toBe("its misfit broke: Error: no luck.");
});

test("the runtime in the README is one", async () => {
  const readme = readFileSync(new URL("../../../README.md", import.meta.url), "utf8");
  const [, source = ""] = /```js\n(export default [\s\S]*?)```/.exec(readme) ?? [];
  const trace = family();
  const { records } = await drive({ runtime: await runtimeOf(source), workerCount: 2 }, trace);
  expect(violations(trace, records)).toEqual([]);
  expect(childrenInOrder(records)[0]).toBe(100);
});

test("a module that was changed is another module, to the same process", async () => {
  const path = modulePathOf(moduleOf(fifo, { name: "first" }));
  const first = await loadRuntimeModule(path, "x.mjs");
  writeFileSync(path, moduleOf(fifo, { name: "second" }));
  const second = await loadRuntimeModule(path, "x.mjs");
  expect([first, second]).toMatchObject([
    { ownName: "first", runtime: { name: "x.mjs" } },
    { ownName: "second", runtime: { name: "x.mjs" } },
  ]);
});
