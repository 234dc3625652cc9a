/** Which processes take the CPU: those that a user could stop. */
import { readdirSync, readFileSync } from "node:fs";
import { cpuNsOf } from "../trial/process-cpu.ts";

export interface BusyProcess {
  readonly pid: number;
  /** As the kernel keeps it, 15 bytes; it comes from outside. */
  readonly name: string;
  readonly cores: number;
}

/** CPU time so far of every process that can be seen. */
export type ProcessTimes = ReadonlyMap<number, { readonly name: string; readonly cpuNs: number }>;

/** Less than this is no process to stop. */
const LEAST_CORES = 0.05;
const SHOWN_COUNT = 3;

/** Empty without /proc. */
export function readProcessTimes(): ProcessTimes {
  const times = new Map<number, { name: string; cpuNs: number }>();
  for (const pid of processIds()) {
    const text = readStat(pid);
    if (text === null) continue;
    // proc_pid_stat(5): the name is in parentheses, and may contain some.
    const name = text.slice(text.indexOf("(") + 1, text.lastIndexOf(")"));
    times.set(pid, { name, cpuNs: cpuNsOf(text) });
  }
  return times;
}

/** The busiest between two readings, `ownPids` left out. */
export function busiest(
  { before, after, observedNs }: { before: ProcessTimes; after: ProcessTimes; observedNs: number },
  ownPids: readonly number[],
): BusyProcess[] {
  return [...after]
    .filter(([pid]) => !ownPids.includes(pid))
    .map(([pid, { name, cpuNs }]) => ({
      pid,
      name,
      cores: (cpuNs - (before.get(pid)?.cpuNs ?? 0)) / observedNs,
    }))
    .filter(({ cores }) => cores >= LEAST_CORES)
    .sort((a, b) => b.cores - a.cores)
    .slice(0, SHOWN_COUNT);
}

function processIds(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    // No /proc: then no process has a name.
    return [];
  }
}

/** null: it has ended since. */
function readStat(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return null;
  }
}
