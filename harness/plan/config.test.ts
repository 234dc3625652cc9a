import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { workloads } from "../../workloads/catalog.ts";
import { findConfig, readConfig } from "./config.ts";
import { fakeRuntimes, twoCores } from "./fixtures/fake-runtimes.ts";
import { type PlanDraft, parsePlan } from "./plan.ts";
import { formatProblem } from "./usage-error.ts";

/** The draft of a config file, or its problems with the folder left out of their places. */
async function planOf(name: string, content: string): Promise<PlanDraft | string[]> {
  const folder = mkdtempSync(join(tmpdir(), "isoload-test-"));
  const path = join(folder, name);
  writeFileSync(path, content);
  const read = await readConfig(path);
  const parsed =
    "problems" in read
      ? read
      : parsePlan({ layers: [read.layer], cores: twoCores, workloads, runtimes: fakeRuntimes });
  return "draft" in parsed
    ? parsed.draft
    : parsed.problems.map((problem) => formatProblem(problem).replaceAll(`${folder}/`, ""));
}

const yaml = `# A plan.
runtimes: [single-thread, "work-stealing:lifo=off"]
threads: [1x, 4]
workloads:
  - null
  - name: block-k
    blockers: 3
rounds: 2
seed: 9
`;
const same = {
  runtimes: ["single-thread", "work-stealing:lifo=off"],
  threads: ["1x", 4],
  workloads: ["null", { name: "block-k", blockers: 3 }],
  rounds: 2,
  seed: 9,
};

test("YAML, JSON and modules say the same", async () => {
  const fromYaml = await planOf("plan.yaml", yaml);
  expect(fromYaml).toMatchObject({ seed: 9, roundCount: 2 });
  expect((fromYaml as PlanDraft).treatments).toHaveLength(6);
  const text = JSON.stringify(same, null, 2);
  expect(await planOf("plan.json", text)).toEqual(fromYaml);
  expect(await planOf("plan.json", text.replaceAll("  ", "\t"))).toEqual(fromYaml);
  expect(await planOf("plan.js", `export default ${text}`)).toEqual(fromYaml);
  expect(await planOf("plan.mjs", `export default ${text}`)).toEqual(fromYaml);
  const typed = `import { defineConfig, type Config } from "isoload";\nconst config: Config = ${text};\nexport default defineConfig(config);`;
  expect(await planOf("plan.ts", typed)).toEqual(fromYaml);
});

test("a plan in TypeScript imports what a runtime is made of, too", async () => {
  const modules = await Promise.all([
    import("../../runtimes/user/definition.ts"),
    import("../experiment/index.ts"),
  ]);
  const [runtime, library] = modules.map((module) => Object.keys(module).length);
  const content = `import * as runtime from "isoload/runtime";
import * as library from "isoload";
export default { seed: Object.keys(runtime).length, rounds: Object.keys(library).length };`;
  expect(await planOf("plan.ts", content)).toMatchObject({ seed: runtime, roundCount: library });
});

test("every problem of a file has its line and column", async () => {
  const content = `rouns: 3
threads: [1x, 2x, -1]
workloads:
  - nul
  - name: block-k
    blokers: 2
    blockMs: fast
runtimes:
  - natve
`;
  expect(await planOf("plan.yaml", content)).toEqual([
    'plan.yaml:1:1: no setting is called "rouns". Did you mean "rounds"?',
    'plan.yaml:2:19: threads[2] is -1. Give 0 (all cores), a whole number up to 1024, or a multiple of the cores like "2x".',
    'plan.yaml:9:5: no runtime is called "natve". Did you mean "native"?',
    'plan.yaml:4:5: no workload is called "nul". Did you mean "null"?',
    'plan.yaml:6:5: block-k: no parameter is called "blokers". Did you mean "blockers"?',
    'plan.yaml:7:14: block-k: blockMs is "fast". Give a number from 0.1 to 60000 (ms).',
  ]);
});

test("JSON has lines and columns too", async () => {
  expect(await planOf("plan.json", '{\n  "rounds": 0\n}')).toEqual([
    "plan.json:2:13: rounds is 0. Give a whole number from 1 to 1000.",
  ]);
});

test.each([
  ["plan.yaml", "rounds: [1", "plan.yaml:1:"],
  ["plan.yaml", "a: 1\na: 2", "plan.yaml:2:1"],
  ["plan.yaml", "a: *nowhere", "plan.yaml:1:"],
  ["plan.yaml", "", "a plan is a mapping"],
  ["plan.yaml", "- null", "plan.yaml:1:1: a plan is a mapping of settings, not a list"],
  ["plan.yaml", "rounds: .nan", "plan.yaml:1:9: rounds is NaN"],
  ["plan.yaml", "rounds: .inf", "plan.yaml:1:9: rounds is Infinity"],
  ["plan.json", '{"rounds": 2', "plan.json:1:"],
  ["plan.json", "nonsense", "a plan is a mapping"],
  ["plan.ts", "export default { rounds: 3 as number", "plan.ts:1:"],
  ["plan.ts", "\n  throw new Error('no luck');", "cannot be read: no luck"],
  ["plan.ts", "throw 'text'", 'it threw "text"'],
  ["plan.js", "export default 5", "not 5"],
  ["plan.mjs", "import 'nowhere-to-be-found'", "plan.mjs"],
  ["plan.ts", "export default { rounds: 0 }", "plan.ts: rounds is 0"],
  ["plan.txt", "rounds: 2", "ends in .ts"],
  ["2x", "", "lists take commas, without spaces"],
])("%s with %j is refused", async (name, content, part) => {
  const problems = await planOf(name, content);
  expect(Array.isArray(problems) && problems.join("\n")).toContain(part);
});

test("aliases that expand without end are refused", async () => {
  const levels = Array.from(
    { length: 12 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join()}]`,
  );
  const problems = await planOf("plan.yaml", `l0: &l0 [x]\n${levels.join("\n")}`);
  expect(Array.isArray(problems)).toBe(true);
});

test("a missing file is named", async () => {
  expect(await readConfig("nowhere.yaml")).toMatchObject({ problems: [{ where: "nowhere.yaml" }] });
});

test("one config file is found, several are refused", () => {
  const folder = mkdtempSync(join(tmpdir(), "isoload-test-"));
  expect(findConfig(folder)).toEqual({ path: null });
  writeFileSync(join(folder, "isoload.config.yaml"), "");
  expect(findConfig(folder)).toEqual({ path: "isoload.config.yaml" });
  writeFileSync(join(folder, "isoload.config.ts"), "");
  expect(findConfig(folder)).toHaveProperty("problems");
});
