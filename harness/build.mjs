/**
 * Builds everything: TypeScript to dist/, then the Rust addon. `npm ci` runs it through `prepare`.
 *
 * Without cargo the addon is left out with one line and `native` is listed as unavailable; with cargo a failing
 * build fails the install. ISOLOAD_SKIP_NATIVE=1 leaves it out on purpose.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

removeStale();
run(process.execPath, [compilerPath(), "-p", "."], root);
// The compiler writes mode 644; `npx` mends that once a clone, not after a rebuild.
chmodSync(join(root, "dist/harness/cli/main.js"), 0o755);
await writeSchema();
buildAddon();

function compilerPath() {
  const manifest = createRequire(join(root, "package.json")).resolve("typescript/package.json");
  return join(dirname(manifest), "bin/tsc");
}

/** Ships the JSON Schema of result documents as a file: `isoload/result.schema.json`. */
async function writeSchema() {
  const { resultSchema } = await import(pathToFileURL(join(root, "dist/reports/schema.js")).href);
  writeFileSync(join(root, "dist/result.schema.json"), `${JSON.stringify(resultSchema(), null, 2)}\n`);
}

/** A deleted or renamed source must not live on in dist/, where its tests would still run. */
function removeStale() {
  const dist = join(root, "dist");
  if (!existsSync(dist)) return;
  for (const file of readdirSync(dist, { recursive: true })) {
    const source = file.replace(/\.(js|js\.map|d\.ts)$/, ".ts");
    if (source !== file && !existsSync(join(root, source))) rmSync(join(dist, file));
  }
}

function buildAddon() {
  const crate = join(root, "runtimes/native");
  if (process.env.ISOLOAD_SKIP_NATIVE === "1") {
    console.log("isoload: the native runtimes are left out (ISOLOAD_SKIP_NATIVE=1).");
    return;
  }
  if (process.platform !== "linux") {
    console.log(`isoload: the native runtimes are for Linux; on ${process.platform} they are left out.`);
    return;
  }
  if (spawnSync("cargo", ["--version"], { stdio: "ignore" }).status !== 0) {
    console.log(
      "isoload: no cargo here, so the native runtimes are left out. To have them, install Rust (https://rustup.rs) and run: npm run build",
    );
    return;
  }
  console.log("isoload: building the native runtimes (a minute the first time) …");
  // cargo reads .cargo/config.toml from its working directory; a set RUSTFLAGS would replace what stands there.
  const { RUSTFLAGS: _replaced, ...environment } = process.env;
  run("cargo", ["build", "--release", "--locked", "--quiet"], crate, environment);
  const [library] = ["libisoload_native.so", "libisoload_native.dylib", "isoload_native.dll"].filter((name) =>
    existsSync(join(crate, "target/release", name)),
  );
  if (library === undefined) fail("cargo built no library");
  // Renamed into place: a process that has the old one loaded keeps it.
  copyFileSync(join(crate, "target/release", library), join(crate, "isoload.node.tmp"));
  renameSync(join(crate, "isoload.node.tmp"), join(crate, "isoload.node"));
}

function run(command, parameters, cwd, env = process.env) {
  const { status, error } = spawnSync(command, parameters, { cwd, env, stdio: "inherit" });
  if (error !== undefined) fail(`${command}: ${error.message}`);
  if (status !== 0) fail(`${command} ${parameters.join(" ")} failed`);
}

function fail(message) {
  console.error(`isoload: ${message}`);
  process.exit(1);
}
