/**
 * The threads that the workers claim to be: one each, alive, and with the CPU time that the work takes at least.
 * The kernel says so, whom no runtime can ask to lie.
 */
import type { TrialFacts } from "../../harness/trial/trial.ts";
import { laneThreadIds } from "../../runtimes/lane-sums.ts";
import type { Records } from "../../runtimes/records.ts";
import { LEAST_UNIT_NS } from "./tolerance.ts";

/** What the kernel has not yet booked of a thread that is running: a tick, at 100 Hz. */
const UNBOOKED_NS = 10e6;

/** Empty where there is no /proc, or time is virtual. `cpuUnits`: those of the tasks that are done. */
export function brokenThreads(
  records: Records,
  { resources }: TrialFacts,
  cpuUnits: number,
): readonly string[] {
  if (resources === null || resources.workerCpuNs === null) return [];
  const threadIds = laneThreadIds(records);
  const broken: string[] = [];
  let cpuNs = 0;
  resources.workerCpuNs.forEach((usedNs, worker) => {
    const id = threadIds[worker];
    const first = threadIds.indexOf(id ?? 0);
    if (usedNs === null) broken.push(`worker ${worker} says that it is thread ${id}, and there is none`);
    else if (first < worker) broken.push(`workers ${first} and ${worker} say that they are one thread`);
    else if (id === threadIds.at(-1)) broken.push(`worker ${worker} says that it is the releaser's thread`);
    else cpuNs += usedNs;
  });
  const leastNs = cpuUnits * LEAST_UNIT_NS;
  if (broken.length === 0 && !(cpuNs + UNBOOKED_NS * resources.workerCpuNs.length >= leastNs)) {
    broken.push(
      `the workers took ${cpuNs} ns of CPU, and no processor does the ${cpuUnits} units of their tasks in less than ${leastNs} ns`,
    );
  }
  return broken;
}
