/**
 * What the threads of this process used, from /proc/self/task: CPU, waits for a core, and context switches.
 */
import { readdirSync, readFileSync } from "node:fs";

export interface ThreadUsage {
  readonly cpuNs: number;
  /** Ready to run, and waiting for a core. */
  readonly runDelayNs: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
}

/** Usage of every live thread by its kernel id; null where there is no /proc. */
export function readThreadUsage(): ReadonlyMap<number, ThreadUsage> | null {
  let threadIds: string[];
  try {
    threadIds = readdirSync("/proc/self/task");
  } catch {
    return null;
  }
  const usage = new Map<number, ThreadUsage>();
  for (const id of threadIds) {
    const one = readOne(`/proc/self/task/${id}`);
    if (one !== null) usage.set(Number(id), one);
  }
  return usage;
}

/** null: the thread ended between the listing and the reading. */
function readOne(folder: string): ThreadUsage | null {
  try {
    // schedstat: ns on a CPU, ns waiting for one, time slices (kernel documentation, scheduler/sched-stats).
    const [cpuNs = Number.NaN, runDelayNs = Number.NaN] = readFileSync(`${folder}/schedstat`, "utf8")
      .split(" ")
      .map(Number);
    const status = readFileSync(`${folder}/status`, "utf8");
    const switches = (kind: string): number =>
      Number(new RegExp(`^${kind}_ctxt_switches:\\s*(\\d+)`, "m").exec(status)?.[1]);
    return {
      ...{ cpuNs, runDelayNs },
      voluntarySwitches: switches("voluntary"),
      involuntarySwitches: switches("nonvoluntary"),
    };
  } catch {
    return null;
  }
}
