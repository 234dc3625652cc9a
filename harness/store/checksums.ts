/**
 * SHA256SUMS: the checksums of a folder's files, as `sha256sum -c` reads them.
 *
 * The last line is a comment with the hash of the lines above, so that a change of this file shows as well.
 */
import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { isForbidden } from "./damage-error.ts";

export const SUMS_FILE = "SHA256SUMS";

const PIECE_BYTES = 1 << 20;
const TRAILER = "# sha256 of the lines above: ";

/** The text of SHA256SUMS for these files of `folder`. */
export function sumsOf(folder: string, names: readonly string[]): string {
  const lines = names.toSorted().map((name) => `${hashFile(join(folder, name))}  ${name}\n`);
  return withTrailer(lines.join(""));
}

/**
 * What is wrong with the files of a folder, one sentence each; empty when every byte is as it was written.
 * With `whole`, a file or folder beside the listed ones is damage too. Throws what the system says of a file that
 * may not be read.
 */
export function damageIn(folder: string, { whole }: { whole: boolean }): string[] {
  let text: string;
  try {
    text = readFileSync(join(folder, SUMS_FILE), "utf8");
  } catch (error) {
    if (isForbidden(error)) throw error;
    return [`${SUMS_FILE} cannot be read (${codeOf(error)})`];
  }
  const listed = parseSums(text);
  if (listed === null) return [`${SUMS_FILE} is not as it was written`];
  const damage: string[] = [];
  for (const [name, hash] of listed) {
    try {
      if (hashFile(join(folder, name)) !== hash) damage.push(`${name} is not as it was written`);
    } catch (error) {
      if (isForbidden(error)) throw error;
      damage.push(`${name} cannot be read (${codeOf(error)})`);
    }
  }
  if (!whole) return damage;
  for (const name of readdirSync(folder)) {
    if (name !== SUMS_FILE && !listed.has(name)) damage.push(`${name} does not belong to it`);
  }
  return damage;
}

/** SHA-256 of a file in hex, read in pieces: record files may have hundreds of megabytes. */
export function hashFile(path: string): string {
  const hash = createHash("sha256");
  const piece = Buffer.alloc(PIECE_BYTES);
  const file = openSync(path, "r");
  try {
    for (let count = readSync(file, piece); count > 0; count = readSync(file, piece)) {
      hash.update(piece.subarray(0, count));
    }
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

/** Hashes by name, or null where any byte of the text is not as it was written. */
function parseSums(text: string): Map<string, string> | null {
  const lines = text.slice(0, Math.max(0, text.lastIndexOf(TRAILER)));
  if (withTrailer(lines) !== text) return null;
  const entries = lines
    .split("\n")
    .slice(0, -1)
    .map((line) => /^([0-9a-f]{64}) {2}(.+)$/.exec(line));
  if (entries.some((entry) => entry === null)) return null;
  return new Map(entries.flatMap((entry) => (entry === null ? [] : [[entry[2] ?? "", entry[1] ?? ""]])));
}

function withTrailer(lines: string): string {
  return `${lines}${TRAILER}${createHash("sha256").update(lines).digest("hex")}\n`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
