import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { damageIn, SUMS_FILE, sumsOf } from "./checksums.ts";

const TOOL = "sha256sum";

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "isoload-test-"));
  mkdirSync(join(folder, "below"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  writeFileSync(join(folder, SUMS_FILE), sumsOf(folder, Object.keys(files)));
  return folder;
}

test("what was written has no damage", () => {
  expect(damageIn(folderOf({ a: "1", "below/b": "2" }), { whole: false })).toEqual([]);
});

test.skipIf(spawnSync(TOOL, ["--version"]).status !== 0)(
  "sha256sum reads the same file and agrees, also that a file has changed",
  () => {
    const folder = folderOf({ a: "1", "below/b": "2" });
    const check = (): string =>
      execFileSync(TOOL, ["-c", "--strict", SUMS_FILE], {
        ...{ cwd: folder, encoding: "utf8", stdio: "pipe" },
        env: { ...process.env, LC_ALL: "C" },
      });
    expect(check()).toBe("a: OK\nbelow/b: OK\n");
    writeFileSync(join(folder, "a"), "3");
    expect(check).toThrow();
  },
);

test.each([
  ["", "cut to nothing"],
  ["0\n", "other text"],
])("a SHA256SUMS with %j in its place is damage", (content) => {
  const folder = folderOf({ a: "1" });
  writeFileSync(join(folder, SUMS_FILE), content);
  expect(damageIn(folder, { whole: false })).toEqual(["SHA256SUMS is not as it was written"]);
});
