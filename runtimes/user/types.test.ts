/** The types of `isoload` and `isoload/runtime`, as a project sees them that has the package installed. */
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";

/** Tests run on the build; the package is the folder above it. */
const root = fileURLToPath(new URL("../../..", import.meta.url));
const example = join(root, "runtimes/examples/random-order.mjs");
const project = mkdtempSync(join(tmpdir(), "isoload-types-"));
afterAll(() => rmSync(project, { recursive: true }));
writeFileSync(join(project, "package.json"), '{ "type": "module" }');
mkdirSync(join(project, "node_modules"));
symlinkSync(root, join(project, "node_modules/isoload"));

/** What the compiler says of a file, at its strictest; declarations of the package are checked, too. */
function compile(file: string, lib = "es2023"): string {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const flags = [
    "--noEmit",
    "--strict",
    "--allowJs",
    "--checkJs",
    "--module",
    "nodenext",
    "--target",
    "es2023",
    "--lib",
    lib,
    "--skipLibCheck",
    "false",
  ];
  const { stdout } = spawnSync(process.execPath, [compiler, ...flags, "--types", "", file], {
    cwd: project,
    encoding: "utf8",
  });
  return stdout;
}

const typed = (scheduler: string): string => `
import { choice, count, defineRuntime, type RuntimeDefinition, type WorkerScheduler } from "isoload/runtime";
import type { Runtime } from "isoload";
const options = { depth: count("how deep", { min: 1, max: 9, default: 3 }), order: choice("which", ["up", "down"]) };
const definition: RuntimeDefinition = defineRuntime({
  name: "mine", summary: "mine", workers: "one", options,
  sharedWordCount: ({ workerCount, idCount }) => workerCount * idCount,
  makeScheduler: ({ shared, takeInjected, wake }): WorkerScheduler => {
    wake(Atomics.load(shared, 0));
    ${scheduler}
  },
});
export const name: Runtime["name"] = definition.name;
export default definition;
`;

test("the example and a definition in TypeScript compile against the package", () => {
  copyFileSync(example, join(project, "example.mjs"));
  expect(compile("example.mjs")).toBe("");
  writeFileSync(
    join(project, "mine.ts"),
    typed("return { ready: (id, cause) => void [id, cause], next: takeInjected };"),
  );
  expect(compile("mine.ts")).toBe("");
});

test.each([
  ["a scheduler without next", typed("return { ready() {} };"), /'next' is missing/],
  [
    "a scheduler that answers text",
    typed('return { ready() {}, next: () => "1" };'),
    /'string' is not assignable/,
  ],
  [
    "a cause that is none",
    typed('return { ready: (id, cause) => { if (cause === "x") id; }, next: takeInjected };'),
    /no overlap/,
  ],
])("%s does not", (_, source, said) => {
  writeFileSync(join(project, "wrong.ts"), source);
  expect(compile("wrong.ts")).toMatch(said);
});

test("the library's example in the README compiles without the types of Node and the DOM", () => {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [, source = ""] = /```ts\n(import [\s\S]*?)```/.exec(readme) ?? [];
  writeFileSync(
    join(project, "library.ts"),
    `${source}export const all: readonly (number | null)[] = waits;\n`,
  );
  expect(compile("library.ts")).toBe("");
});

test("whoever has an AbortSignal gives it", () => {
  const source = `import { type Abort, selftest } from "isoload";
declare const signal: AbortSignal;
export const abort: Abort = signal;
export const tested = selftest({ signal });
`;
  writeFileSync(join(project, "signal.ts"), source);
  expect(compile("signal.ts", "es2023,dom")).toBe("");
});

test("the example has at most a hundred lines", () => {
  expect(readFileSync(example, "utf8").trimEnd().split("\n").length).toBeLessThanOrEqual(100);
});
