/** Thread counts as users write them: a count, 0 for all cores, or a multiple of the cores like "2x". */
import { shown } from "../../workloads/parameter.ts";

export const WORKER_LIMIT = 1024;

const MULTIPLE = /^(\d+\.?\d*|\.\d+)x$/;

/** As typed, and what it comes to on this machine. */
export interface Threads {
  readonly label: string;
  readonly workerCount: number;
}

/** `Nx` is max(1, round(N·cores)). Otherwise a sentence that follows the name of the value. */
export function parseThreads(given: unknown, coreCount: number): { threads: Threads } | { wrong: string } {
  const label = typeof given === "string" ? given.trim() : typeof given === "number" ? String(given) : "";
  const multiple = typeof given === "string" ? MULTIPLE.exec(label) : null;
  const isCount = (typeof given === "number" && Number.isSafeInteger(given)) || /^\d+$/.test(label);
  const factor = multiple === null ? null : Number(multiple[1]);
  const workerCount =
    factor !== null && factor > 0
      ? Math.max(1, Math.round(factor * coreCount))
      : isCount
        ? Number(label) === 0
          ? coreCount
          : Number(label)
        : Number.NaN;
  if (workerCount >= 1 && workerCount <= WORKER_LIMIT) return { threads: { label, workerCount } };
  const here = factor === null || !(workerCount > WORKER_LIMIT) ? "" : `, ${workerCount} here`;
  return {
    wrong: `is ${shown(given)}${here}. Give 0 (all cores), a whole number up to ${WORKER_LIMIT}, or a multiple of the cores like "2x".`,
  };
}
