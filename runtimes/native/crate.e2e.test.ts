/** The crate's own tests, which need no Node: kernel, steps, suspensions, frames and whole trials. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { packageRoot } from "./generate.ts";

const cwd = fileURLToPath(new URL("runtimes/native/", packageRoot));
const hasCargo = spawnSync("cargo", ["--version"]).status === 0;
/** Compiles Tokio where nothing is cached. */
const LIMIT_MS = 300_000;

test.skipIf(!hasCargo)("the crate's own tests pass", { timeout: LIMIT_MS }, () => {
  const { stdout, stderr, status } = cargo(["test", "--locked", "--no-default-features"]);
  expect(status, `${stdout}\n${stderr}`).toBe(0);
  expect(stdout).toMatch(/test result: ok\. [1-9]/);
});

test.skipIf(!hasCargo)(
  "the crate refuses to be built without Tokio's own counters",
  { timeout: LIMIT_MS },
  () => {
    // RUSTFLAGS replace those of .cargo/config.toml.
    const environment = { RUSTFLAGS: "--cap-lints=warn", CARGO_TARGET_DIR: "target/without-counters" };
    const { stderr, status } = cargo(["check", "--locked", "--no-default-features"], environment);
    expect(status).not.toBe(0);
    expect(stderr).toContain("build with `--cfg tokio_unstable`");
  },
);

function cargo(
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): { stdout: string; stderr: string; status: number | null } {
  return spawnSync("cargo", parameters, { cwd, encoding: "utf8", env: { ...process.env, ...environment } });
}
