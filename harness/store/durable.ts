/**
 * Writes that survive the death of the process and of the machine: a file is either whole or absent.
 *
 * Write under a name ending in .tmp, fsync, rename, fsync the folder (Pillai et al., "All File Systems Are Not
 * Created Equal", OSDI 2014). A plain write is found cut off after a kill.
 */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** What is under a name with this ending is unfinished and may be removed. */
export const UNFINISHED = ".tmp";

export function writeDurably(path: string, content: string | Uint8Array): void {
  const unfinished = path + UNFINISHED;
  writeFileSync(unfinished, content);
  syncPath(unfinished);
  renameSync(unfinished, path);
  syncPath(dirname(path));
}

/** Flushes a file or a folder to the disk. */
export function syncPath(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
