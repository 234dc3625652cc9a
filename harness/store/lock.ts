/**
 * The lock of a run folder: one process writes a run at a time.
 *
 * The file names its holder by pid and start time, since pids are used again. It appears by `link`, which
 * fails where it exists. A lock whose holder is dead is taken over by renaming it away, which one of several
 * contenders can do; whoever finds that the lock it renamed was a living one's puts it back.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UNFINISHED } from "./durable.ts";

export const LOCK_FILE = "lock";

export type Locked = { readonly release: () => void } | { readonly heldBy: number };

export function lockRun(folder: string): Locked {
  const path = join(folder, LOCK_FILE);
  // Its ending tells the holder that it may remove what a killed contender left.
  const own = `${path}.${process.pid}${UNFINISHED}`;
  const content = `${process.pid} ${startTimeOf(process.pid) ?? "unknown"}\n`;
  try {
    for (;;) {
      writeFileSync(own, content);
      if (tryLink(own, path)) return { release: () => releaseLock(path, content) };
      const found = readLock(path);
      if (found === null) continue;
      if (isAlive(found)) return { heldBy: pidOf(found) };
      const aside = `${path}.${process.pid}.stale${UNFINISHED}`;
      if (!tryRename(path, aside)) continue;
      const removed = readFileSync(aside, "utf8");
      if (removed !== found && isAlive(removed)) tryLink(aside, path);
      rmSync(aside, { force: true });
    }
  } finally {
    rmSync(own, { force: true });
  }
}

/** The pid of the living process that writes the run, or null. */
export function lockHolder(folder: string): number | null {
  const found = readLock(join(folder, LOCK_FILE));
  return found !== null && isAlive(found) ? pidOf(found) : null;
}

function releaseLock(path: string, content: string): void {
  if (readLock(path) === content) rmSync(path);
}

function readLock(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    // ENOENT: a holder that cleaned up took our file for a leftover.
    if (hasCode(error, "EEXIST") || hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}

function pidOf(lock: string): number {
  return Number.parseInt(lock, 10);
}

function isAlive(lock: string): boolean {
  const pid = pidOf(lock);
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives and belongs to someone else.
    if (!hasCode(error, "EPERM")) return false;
  }
  const startTime = lock.trim().split(" ")[1];
  const current = startTimeOf(pid);
  return current !== "ended" && (current === null || startTime === "unknown" || startTime === current);
}

/**
 * Clock ticks from boot to the process's start (proc(5), field 22); "ended" for a process that nobody has
 * waited for yet; null where /proc is missing.
 */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name is in parentheses and may hold anything, spaces too; the state follows.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "ended" : (fields[19] ?? null);
  } catch {
    // No /proc here, or the process has just ended.
    return null;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
