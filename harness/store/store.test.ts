import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRunFolder, folderProblem, isRemnant, isRun } from "./store.ts";

describe("what a process leaves that was killed before its plan stood", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "isoload-remnant-"));
    mkdirSync(join(folder, "traces"));
    mkdirSync(join(folder, "trials"));
    writeFileSync(join(folder, "traces", `${"a".repeat(64)}.trace.tmp`), "half");
    writeFileSync(join(folder, "plan.json"), "{}");
    // A process of this id has long ended.
    writeFileSync(join(folder, "lock"), "4194304 1\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("is no run, and its folder can be used anew", () => {
    expect([isRemnant(folder), isRun(folder), folderProblem(folder)]).toEqual([true, false, null]);
    expect(createRunFolder(folder)).toBeNull();
    expect(readdirSync(folder)).toEqual(["traces", "trials"]);
    expect(readdirSync(join(folder, "traces"))).toEqual([]);
  });

  test.each([
    ["SHA256SUMS", ""],
    ["result.json", "{}"],
    ["notes.txt", "mine"],
    ["traces/notes.txt", "mine"],
    ["trials/r0-t0", "a trial"],
  ])("is a run or somebody's folder where it has %s: nothing is touched", (name, content) => {
    writeFileSync(join(folder, name), content);
    expect(isRemnant(folder)).toBe(false);
    expect(createRunFolder(folder)).toBe("is not empty. Give a new or empty folder with -o.");
    expect(existsSync(join(folder, name))).toBe(true);
  });

  test("is not touched while a living process writes it", () => {
    rmSync(join(folder, "lock"));
    writeFileSync(join(folder, "lock"), `${process.pid} unknown\n`);
    expect(isRemnant(folder)).toBe(false);
  });
});
