/** The doctor beside a neighbour. That a machine is quiet is never asserted: it may not be. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import type { Examination } from "./doctor.ts";

const main = fileURLToPath(new URL("../cli/main.js", import.meta.url));
/** Ends by itself, should nobody end it. */
const BURN = "const endMs = Date.now() + 30_000; while (Date.now() < endMs);";
const burners: ChildProcess[] = [];

afterEach(() => {
  for (const burner of burners.splice(0)) burner.kill("SIGKILL");
});

test.skipIf(!existsSync("/proc/stat"))(
  "two processes that burn the CPU make the machine noisy, and are named as foreign CPU",
  () => {
    for (let burner = 0; burner < 2; burner++) {
      burners.push(spawn(process.execPath, ["-e", BURN], { stdio: "ignore" }));
    }
    const ended = spawnSync(process.execPath, [main, "doctor", "--format", "json"], { encoding: "utf8" });
    expect(ended.status, ended.stderr).toBe(1);
    const { findings, noise }: Examination = JSON.parse(ended.stdout);
    expect(noise.noiseClass).toBe("noisy");
    expect(noise.figures.foreignCores).toBeGreaterThan(0.3);
    const foreign = findings.find(({ name }) => name === "foreign CPU");
    expect(foreign).toMatchObject({
      verdict: "bad",
      value: expect.stringMatching(/ cores over .*\(process \d+\)/),
    });
    expect(findings.findIndex(({ verdict }) => verdict !== "bad")).toBeGreaterThan(0);
    expect(noise.figures.tickCount).toBe(1999);
    expect(noise.smallestEffects.map(({ share }) => Number.isFinite(share))).toEqual([true, true]);
  },
);
