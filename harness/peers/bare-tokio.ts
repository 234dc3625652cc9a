/** Bare Tokio: `runtimes/native/examples/bare_tokio.rs`, built here where cargo is installed. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CPU } from "../../workloads/trace/op.ts";
import { runChild } from "./child.ts";
import type { Contestant } from "./contestant.ts";
import type { Work } from "./work.ts";

const crate = fileURLToPath(new URL("../../../runtimes/native/", import.meta.url));
const program = `${crate}target/release/examples/bare_tokio`;

export const bareTokio: Contestant = bareTokioWith("bare-tokio", "on", null);
/** Tokio without the slot from which nobody steals: for the late tasks behind a blocked worker. */
export const bareTokioWithoutLifo: Contestant = bareTokioWith("bare-tokio:lifo=off", "off", ["blocked"]);

/** Whether the program stands there, built by an earlier run of the bench. */
export function isBareTokioBuilt(): boolean {
  return existsSync(program);
}

function bareTokioWith(name: string, lifo: "on" | "off", only: readonly string[] | null): Contestant {
  return {
    name,
    family: "program",
    setup: `Tokio's multi_thread scheduler with enable_all${lifo === "on" ? "" : " and disable_lifo_slot"}, as a plain program in release mode`,
    only,
    prepare,
    run: (work) =>
      runChild({ command: program, parameters: [...parametersOf(work), `lifo=${lifo}`], environment: {} }),
  };
}

function prepare(): { version: string } | { absent: string } {
  if (spawnSync("cargo", ["--version"], { stdio: "ignore" }).status !== 0) {
    return { absent: "no cargo here to build it with. Install Rust from https://rustup.rs." };
  }
  // cargo reads .cargo/config.toml from its working directory; a set RUSTFLAGS would replace what stands there.
  const { RUSTFLAGS: _replaced, ...env } = process.env;
  const parameters = ["build", "--release", "--locked", "--quiet", "--example", "bare_tokio"];
  const built = spawnSync("cargo", parameters, { cwd: crate, env, encoding: "utf8" });
  if (built.status !== 0) {
    return { absent: `cargo ${parameters.join(" ")} failed: ${built.stderr.trimEnd().split("\n").at(-1)}` };
  }
  const { stdout } = spawnSync(program, ["version"], { encoding: "utf8" });
  return { version: `tokio ${stdout.trim()}` };
}

function parametersOf({ job, seedsPath, warmUpCount }: Work): string[] {
  const given: Readonly<Record<string, number | string>> = {
    kind: job.kind,
    workers: job.workerCount,
    units: job.units,
    opcode: CPU,
    warmUp: warmUpCount,
    seeds: seedsPath,
    inFlight: "inFlight" in job ? job.inFlight : 0,
    blockNs: job.kind === "blocked" ? job.blockNs : 0,
    withinNs: job.kind === "blocked" ? job.withinNs : 0,
  };
  return Object.entries(given).map(([key, value]) => `${key}=${value}`);
}
