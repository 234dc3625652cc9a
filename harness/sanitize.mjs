/**
 * Runs the tests of the Rust crate under the thread sanitizer and under the address sanitizer.
 *
 * Each must first find a fault made on purpose. Sanitizers are in Rust's nightly compiler only, and the standard
 * library is compiled with them, without which the thread sanitizer sees races that are none. Where that cannot
 * be had, it says so and how to get it, and ends with 1: nothing was proven.
 */
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const crate = join(dirname(dirname(fileURLToPath(import.meta.url))), "runtimes/native");
/** One run of cargo: a first build takes two minutes. */
const LIMIT_MS = 20 * 60_000;

const REMEDY =
  "The sanitizers need a nightly Rust and the standard library's source: rustup toolchain install nightly --profile minimal --component rust-src";

const sanitizers = [
  {
    name: "thread",
    fault: "two_threads_write_a_plain_number",
    finding: /WARNING: ThreadSanitizer: data race/,
    environment: {
      TSAN_OPTIONS: `suppressions=${join(crate, "tests/thread-sanitizer.suppressions")}`,
    },
  },
  {
    name: "address",
    fault: "freed_memory_is_read",
    finding: /ERROR: AddressSanitizer: heap-use-after-free/,
    // A trial's memory is never given back: it lives as long as its process.
    environment: { ASAN_OPTIONS: "detect_leaks=0" },
  },
];

const target = nightlyTarget();
for (const sanitizer of sanitizers) {
  const control = test(
    sanitizer,
    ["--test", "seeded_faults", "--", "--ignored", "--exact", sanitizer.fault],
    "pipe",
  );
  if (control.status === 0 || !sanitizer.finding.test(control.stderr)) {
    const words = control.stderr;
    fail(`the ${sanitizer.name} sanitizer did not find the fault ${sanitizer.fault}. ${REMEDY}\n${words}`);
  }
  process.stdout.write(
    `${sanitizer.name} sanitizer: the fault on purpose is found. Now the crate's tests …\n`,
  );
  const { status, signal } = test(sanitizer, [], "inherit");
  if (status !== 0) fail(`the ${sanitizer.name} sanitizer: cargo test ended with ${signal ?? status}.`);
  process.stdout.write(`${sanitizer.name} sanitizer: nothing found.\n`);
}

/** The machine's target, as the nightly compiler names it. */
function nightlyTarget() {
  if (process.platform !== "linux") fail(`the native runtimes are for Linux; this is ${process.platform}.`);
  const { stdout } = spawnSync("cargo", ["+nightly", "-vV"], { cwd: crate, encoding: "utf8" });
  const host = /^host: (.+)$/m.exec(stdout ?? "")?.[1];
  if (host === undefined) fail(`there is no nightly Rust here. ${REMEDY}`);
  return host;
}

/** Runs cargo test with a sanitizer; each has a target folder of its own. */
function test({ name, environment }, parameters, stdio) {
  const cargo = ["+nightly", "test", "--locked", "--no-default-features", "-Zbuild-std", "--target", target];
  return spawnSync("cargo", [...cargo, ...parameters], {
    cwd: crate,
    encoding: "utf8",
    stdio: ["ignore", stdio, stdio],
    timeout: LIMIT_MS,
    env: {
      ...process.env,
      ...environment,
      CARGO_TARGET_DIR: join(crate, "target/sanitize", name),
      // A set RUSTFLAGS replaces what stands in .cargo/config.toml.
      RUSTFLAGS: `--cfg tokio_unstable -Zsanitizer=${name}`,
    },
  });
}

function fail(reason) {
  process.stderr.write(`sanitize: ${reason}\n`);
  process.exit(1);
}
