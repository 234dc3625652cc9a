/**
 * Gaps: stretches in which the witness was to look, was neither at work nor waiting for a core, and did not look,
 * while the rest of its process did nothing either. So shows what stops the whole process or the whole machine:
 * SIGSTOP, a frozen cgroup, a paused virtual machine.
 *
 * Threads of the trial that keep each other from the cores leave none. A thread that is ready waits in a run
 * queue, and the kernel counts that (scheduler/sched-stats: schedstat of a thread is its ns on a CPU, its ns of
 * waiting for one, its time slices). One that waits for a lock, whose holder is in such a queue, is late while the
 * cores are busy with the others: what the process used of its cores is taken off, too.
 */
import { ProcFile } from "./proc-file.ts";
import { ownCpuNs } from "./process-cpu.ts";
import type { Gap } from "./trial.ts";

/** A shorter gap is not kept: the kernel updates a running thread's own time at its ticks, up to 10 ms apart. */
export const GAP_MIN_NS = 10e6;
/** More gaps than these are only in `longestNs`. */
const GAP_LIMIT = 256;
const LIMIT_BYTES = 128;

/** What explains that the witness was late, in ns since the process began. */
export type ExcuseReader = () => number;

/**
 * For how long the calling thread ran or waited for a core, and the process kept `coreCount` cores busy. null
 * where the kernel does not tell.
 */
export function openExcuses(coreCount: number): ExcuseReader | null {
  const file = ProcFile.open("/proc/thread-self/schedstat", LIMIT_BYTES);
  if (file?.read() !== true) return null;
  return () => (file.read() ? file.sumOfNumbers(2) : 0) + ownCpuNs() / coreCount;
}

export class GapFinder {
  readonly gaps: Gap[] = [];
  longestNs = 0;
  readonly #readExcuses: ExcuseReader;
  #lastNs: number;
  /** What of the look before its lateness did not use up: it may have passed after the clock was read. */
  #unusedNs = 0;

  constructor(readExcuses: ExcuseReader) {
    this.#readExcuses = readExcuses;
    this.#lastNs = readExcuses();
  }

  /** The thread looks at `nowNs`, and was to look at `dueNs`. */
  look(dueNs: number, nowNs: number): void {
    const nowExcusedNs = this.#readExcuses();
    const explainedNs = nowExcusedNs - this.#lastNs;
    const lateNs = nowNs - dueNs;
    const gapNs = lateNs - explainedNs - this.#unusedNs;
    this.#lastNs = nowExcusedNs;
    this.#unusedNs = Math.max(0, explainedNs - lateNs);
    if (gapNs > this.longestNs) this.longestNs = gapNs;
    if (gapNs >= GAP_MIN_NS && this.gaps.length < GAP_LIMIT)
      this.gaps.push({ endNs: nowNs, lengthNs: gapNs });
  }
}
