/**
 * Builds the Rust addon with the native runtimes; the package has this file too, for whoever installs Rust later.
 *
 * Without cargo the addon is left out with one line and `native` is listed as unavailable; with cargo a failing
 * build fails the install. ISOLOAD_SKIP_NATIVE=1 leaves it out on purpose.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const self = fileURLToPath(import.meta.url);
const crate = join(dirname(dirname(self)), "runtimes/native");

const obstacle = findObstacle();
if (obstacle === null) build();
else console.log(`isoload: ${obstacle}`);

/** Why there will be no addon; null: there will. */
function findObstacle() {
  if (process.env.ISOLOAD_SKIP_NATIVE === "1") {
    return "the native runtimes are left out (ISOLOAD_SKIP_NATIVE=1).";
  }
  if (process.platform !== "linux") {
    return `the native runtimes are for Linux; on ${process.platform} they are left out.`;
  }
  if (spawnSync("cargo", ["--version"], { stdio: "ignore" }).status !== 0) {
    return `no cargo here, so the native runtimes are left out. To have them, install Rust (https://rustup.rs) and run: node ${self}`;
  }
  return null;
}

function build() {
  console.log("isoload: building the native runtimes (a minute the first time) …");
  // cargo reads .cargo/config.toml from its working directory; a set RUSTFLAGS would replace what stands there, and the
  // library is fetched from the crate's own folder.
  const { RUSTFLAGS: _flags, CARGO_TARGET_DIR: _folder, ...env } = process.env;
  const flags = ["build", "--release", "--locked", "--quiet"];
  const { status, error } = spawnSync("cargo", flags, { cwd: crate, env, stdio: "inherit" });
  if (error !== undefined) fail(`cargo: ${error.message}`);
  if (status !== 0) fail(`cargo ${flags.join(" ")} failed`);
  const library = join(crate, "target/release/libisoload_native.so");
  if (!existsSync(library)) fail("cargo built no library");
  // Renamed into place: a process that has the old one loaded keeps it.
  copyFileSync(library, join(crate, "isoload.node.tmp"));
  renameSync(join(crate, "isoload.node.tmp"), join(crate, "isoload.node"));
}

function fail(message) {
  console.error(`isoload: ${message}`);
  process.exit(1);
}
