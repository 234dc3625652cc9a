import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { LOCK_FILE, lockHolder, lockRun } from "./lock.ts";

const fresh = (): string => mkdtempSync(join(tmpdir(), "isoload-test-"));

test("a run has one writer, and is free when that has let go", () => {
  const folder = fresh();
  const first = lockRun(folder);
  expect(lockRun(folder)).toEqual({ heldBy: process.pid });
  expect(lockHolder(folder)).toBe(process.pid);
  expect("release" in first).toBe(true);
  if ("release" in first) first.release();
  expect(lockHolder(folder)).toBeNull();
  expect(readdirSync(folder)).toEqual([]);
  expect(lockRun(folder)).toHaveProperty("release");
});

test.each([
  ["a dead process", () => `${spawnSync(process.execPath, ["-e", "0"]).pid} 1\n`],
  ["nobody", () => "\n"],
])("the lock of %s is taken over", (_, content) => {
  const folder = fresh();
  writeFileSync(join(folder, LOCK_FILE), content());
  expect(lockHolder(folder)).toBeNull();
  expect(lockRun(folder)).toHaveProperty("release");
  expect(lockHolder(folder)).toBe(process.pid);
  expect(readdirSync(folder)).toEqual([LOCK_FILE]);
});

test.skipIf(!existsSync("/proc/self/stat"))("a pid that was used again is not the holder", () => {
  const folder = fresh();
  writeFileSync(join(folder, LOCK_FILE), `${process.pid} 1\n`);
  expect(lockHolder(folder)).toBeNull();
});

test("a living process keeps its lock", async () => {
  const folder = fresh();
  const holder = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  writeFileSync(join(folder, LOCK_FILE), `${holder.pid} unknown\n`);
  expect(lockRun(folder)).toEqual({ heldBy: holder.pid });
  holder.stdin.end();
  await once(holder, "close");
  expect(lockRun(folder)).toHaveProperty("release");
});
