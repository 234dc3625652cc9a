/** Reads a file into a buffer of its own, so that rows of 8 bytes stand aligned. Small Buffers share a pool. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** One read call takes at most 2^31 − 1 bytes. */
const PIECE_BYTES = 1 << 30;

export function readAligned(path: string): Uint8Array {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(fstatSync(file).size);
    let filled = 0;
    while (filled < bytes.length) {
      const count = readSync(file, bytes, filled, Math.min(bytes.length - filled, PIECE_BYTES), filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    closeSync(file);
  }
}
