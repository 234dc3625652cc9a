/** Reads whole files as rows stand in them: aligned, in a buffer of their own. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** One read call takes at most this much. */
const PIECE_BYTES = 1 << 30;

/** The file's bytes from the start of their buffer on. Throws as node:fs does. */
export function readAligned(path: string): Uint8Array<ArrayBuffer> {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(fstatSync(file).size);
    return bytes.subarray(0, fill(bytes, file));
  } finally {
    closeSync(file);
  }
}

/** The same in memory that threads can share. */
export function readShared(path: string): Uint8Array<SharedArrayBuffer> {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(new SharedArrayBuffer(fstatSync(file).size));
    return bytes.subarray(0, fill(bytes, file));
  } finally {
    closeSync(file);
  }
}

/** How many bytes there were; fewer than fit if the file has become shorter. */
function fill(bytes: Uint8Array, file: number): number {
  let filled = 0;
  while (filled < bytes.length) {
    const count = readSync(file, bytes, filled, Math.min(bytes.length - filled, PIECE_BYTES), filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
