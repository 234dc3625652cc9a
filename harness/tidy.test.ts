/** The house rules, as tests that read the tree. */
import { execFileSync, spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const biome = join(root, "node_modules/.bin/biome");
const files = listFiles();
const sources = files.filter((file) => /\.(ts|mjs|rs)$/.test(file) && !file.endsWith("generated.rs"));

/** Tracked files and new ones that git does not ignore. */
function listFiles(): string[] {
  const listed = execFileSync(
    "git",
    ["-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"],
    {
      cwd: root,
    },
  );
  return listed
    .toString()
    .split("\n")
    .filter((file) => file !== "" && existsSync(join(root, file)));
}

const read = (file: string): string => readFileSync(join(root, file), "utf8");

/** Where `pattern` occurs, as file:line. */
function occurrences(pattern: RegExp, among: readonly string[]): string[] {
  return among.flatMap((file) =>
    read(file)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}`] : [])),
  );
}

/** The exit code of the linter for a tree of these files, by the project's own rules. */
function lint(tree: Readonly<Record<string, string>>): number | null {
  const folder = mkdtempSync(join(tmpdir(), "isoload-lint-"));
  try {
    copyFileSync(join(root, ".biome.json"), join(folder, ".biome.json"));
    for (const [path, source] of Object.entries(tree)) {
      mkdirSync(join(folder, dirname(path)), { recursive: true });
      writeFileSync(join(folder, path), source);
    }
    return spawnSync(biome, ["lint", "--vcs-enabled=false", "--error-on-warnings", "."], { cwd: folder })
      .status;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("the tree", () => {
  test("has nothing at its top but what the house allows", () => {
    const allowed =
      /^(package(-lock)?\.json|tsconfig\.json|README\.md|ARCHITECTURE\.md|CONTRIBUTING\.md|LICENSE|\..+)$/;
    const top = files.filter((file) => !file.includes("/"));
    expect(top.filter((file) => !allowed.test(file))).toEqual([]);
    const folders = new Set(files.filter((file) => file.includes("/")).map((file) => file.split("/")[0]));
    expect([...folders].filter((folder) => !folder?.startsWith(".")).sort()).toEqual([
      "harness",
      "reports",
      "runtimes",
      "workloads",
    ]);
  });

  test("has no drawers", () => {
    expect(
      files.filter((file) => /(^|\/)(utils?|types|helpers?|common|misc|shared)(\.ts|\.rs|\/)/.test(file)),
    ).toEqual([]);
  });

  test("opens every TypeScript source with its purpose", () => {
    const bare = sources.filter(
      (file) => /\.(ts|mjs)$/.test(file) && !/\.test\.ts$/.test(file) && !/^(#!.*\n)?\/\*\*/.test(read(file)),
    );
    expect(bare).toEqual([]);
  });

  test("leaves nothing open in the code", () => {
    // Written in pieces, so that this line does not find itself.
    expect(
      occurrences(new RegExp(`\\b(${["TO", "DO|FIX", "ME|X", "XX|HA", "CK"].join("")})\\b`), sources),
    ).toEqual([]);
    const tests = sources.filter((file) => file.endsWith(".test.ts"));
    expect(
      occurrences(
        new RegExp(`\\b(it|test|describe)\\.${"only|todo".replace("|", "\\b|\\b(it|test|describe)\\.")}\\b`),
        tests,
      ),
    ).toEqual([]);
  });

  test("speaks of itself alone: no path of a machine", () => {
    const paths = new RegExp(["/wo", "rk/|/ho", "me/[a-z]|/ro", "ot/"].join(""));
    expect(
      occurrences(
        paths,
        files.filter((file) => file !== "package-lock.json"),
      ),
    ).toEqual([]);
  });
});

describe("ARCHITECTURE.md", () => {
  test("names only paths that exist", () => {
    const named = [
      ...read("ARCHITECTURE.md").matchAll(/`((?:harness|workloads|runtimes|reports)\/[^`\s*<>{}]*)`/g),
    ];
    expect(named.length).toBeGreaterThan(10);
    expect(named.map(([, path]) => path).filter((path) => !existsSync(join(root, path ?? "")))).toEqual([]);
  });

  test("has a line for every folder", () => {
    const code = files.filter(
      (file) => /\.(ts|rs)$/.test(file) && !/\/(fixtures|tests|benches)\//.test(file),
    );
    const folders = new Set(code.map((file) => dirname(file)));
    const text = read("ARCHITECTURE.md");
    expect([...folders].filter((folder) => !text.includes(`${folder}/`))).toEqual([]);
  });
});

describe("the import rules", () => {
  test.each([
    ["workloads/x.ts", "../runtimes/record.ts"],
    ["workloads/x.ts", "node:fs"],
    ["runtimes/x.ts", "../harness/trial/trial.ts"],
    ["runtimes/x.ts", "../reports/report.ts"],
    ["harness/trial/x.ts", "../../reports/report.ts"],
    ["harness/trial/x.ts", "commander"],
    ["harness/experiment/x.ts", "../cli/main.ts"],
    ["harness/cli/x.ts", "../trial/trial.ts"],
    ["reports/x.ts", "../runtimes/clock.ts"],
    ["reports/x.ts", "../harness/store/store.ts"],
    ["harness/trial/x.ts", "../plan/plan.ts"],
    ["harness/plan/x.ts", "../experiment/index.ts"],
    ["harness/store/x.ts", "../../reports/report.ts"],
    ["reports/x.ts", "node:fs"],
  ])("refuse that %s imports %s", (file, imported) => {
    expect(lint({ [file]: `import { x } from "${imported}";\n\nexport const y: unknown = x;\n` })).toBe(1);
  });

  test.each([
    ["runtimes/x.ts", "../workloads/workload.ts"],
    ["harness/trial/x.ts", "../../runtimes/record.ts"],
    ["reports/x.ts", "../runtimes/record.ts"],
    ["reports/x.ts", "../harness/trial/trial.ts"],
    ["harness/cli/x.ts", "../experiment/index.ts"],
    ["harness/plan/x.ts", "../machine/cores.ts"],
  ])("allow that %s imports %s", (file, imported) => {
    expect(lint({ [file]: `import { x } from "${imported}";\n\nexport const y: unknown = x;\n` })).toBe(0);
  });

  test("refuse files that import each other, be it for a type", () => {
    const imports = (other: string): string =>
      `import type { T } from "./${other}.ts";\n\nexport type U = T;\nexport type { T };\n`;
    expect(lint({ "reports/x.ts": imports("y"), "reports/y.ts": imports("z") })).toBe(0);
    expect(lint({ "reports/x.ts": imports("y"), "reports/y.ts": imports("x") })).toBe(1);
  });

  test("refuse a function of more than 70 lines", () => {
    const lines = (count: number): string =>
      `export function long(): number {\n  let x = 0;\n${"  x += 1;\n".repeat(count)}  return x;\n}\n`;
    expect(lint({ "reports/x.ts": lines(60) })).toBe(0);
    expect(lint({ "reports/x.ts": lines(90) })).toBe(1);
  });
});

test("the lock file has every platform's optional packages, so that `npm ci` works on all of them", () => {
  // A lock file written where a registry lacks other platforms' packages leaves them out, and `npm ci` refuses it.
  const { packages } = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>;
  };
  const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !(`node_modules/${name}` in packages || `${place}/node_modules/${name}` in packages),
    ),
  );
  expect(missing).toEqual([]);
});

test("the whole tree passes format and lint", () => {
  const { status, stdout, stderr } = spawnSync(
    biome,
    ["check", "--error-on-warnings", "--max-diagnostics=20", "."],
    { cwd: root, encoding: "utf8" },
  );
  expect(status, stdout + stderr).toBe(0);
});

test("no file, export or dependency is unused", () => {
  const { status, stdout, stderr } = spawnSync(join(root, "node_modules/.bin/knip"), [], {
    cwd: root,
    encoding: "utf8",
  });
  expect(status, stdout + stderr).toBe(0);
});
