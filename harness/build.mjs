/** Builds everything: TypeScript to dist/, then the Rust addon. `npm ci` runs it through `prepare`. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

removeStale();
compile();
// The compiler writes mode 644; `npx` mends that once a clone, not after a rebuild.
chmodSync(join(root, "dist/harness/cli/main.js"), 0o755);
await writeSchema();
await import("./build-addon.mjs");

function compile() {
  const manifest = createRequire(join(root, "package.json")).resolve("typescript/package.json");
  const compiler = join(dirname(manifest), "bin/tsc");
  const { status } = spawnSync(process.execPath, [compiler, "-p", "."], { cwd: root, stdio: "inherit" });
  if (status === 0) return;
  console.error("isoload: the TypeScript does not compile");
  process.exit(1);
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
