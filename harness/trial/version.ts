/** isoload's own version, from its package.json. */
import { readFileSync } from "node:fs";

/** E.g. "0.1.0". */
export const isoloadVersion: string = readVersion();

function readVersion(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
  );
  if (typeof manifest === "object" && manifest !== null && "version" in manifest)
    return String(manifest.version);
  throw new Error("isoload's package.json has no version");
}
