/**
 * Gaps: stretches in which the witness was neither asleep nor at work nor waiting for a core, and yet did not
 * run. So shows what stops the whole process or the whole machine: SIGSTOP, a frozen cgroup, a paused virtual
 * machine. Threads of the trial that keep each other from the cores leave none: a thread that is ready waits in
 * a run queue, and the kernel counts that (scheduler/sched-stats: schedstat of a thread is its ns on a CPU, its
 * ns of waiting for one, its time slices).
 */
import { ProcFile } from "./proc-file.ts";
import type { Gap } from "./trial.ts";

/** A shorter gap is not kept: the kernel updates a running thread's own time at its ticks, up to 10 ms apart. */
export const GAP_MIN_NS = 10e6;
/** More gaps than these are only in `longestNs`. */
const GAP_LIMIT = 256;
const LIMIT_BYTES = 128;

/** ns that the calling thread ran or waited for a core since it began. */
export type BusyReader = () => number;

/** Of the thread that calls this, and for that thread; null where the kernel does not tell. */
export function openOwnBusy(): BusyReader | null {
  const file = ProcFile.open("/proc/thread-self/schedstat", LIMIT_BYTES);
  if (file?.read() !== true) return null;
  return () => (file.read() ? file.sumOfNumbers(2) : 0);
}

export class GapFinder {
  readonly gaps: Gap[] = [];
  longestNs = 0;
  readonly #readBusy: BusyReader;
  #lastBusyNs: number;
  /** Busy time of the look before that its lateness did not use up: it may have passed after the clock was read. */
  #unusedNs = 0;

  constructor(readBusy: BusyReader) {
    this.#readBusy = readBusy;
    this.#lastBusyNs = readBusy();
  }

  /** The thread looks at `nowNs`, and was to look at `dueNs`. */
  look(dueNs: number, nowNs: number): void {
    const busyNs = this.#readBusy();
    const explainedNs = busyNs - this.#lastBusyNs;
    const lateNs = nowNs - dueNs;
    const gapNs = lateNs - explainedNs - this.#unusedNs;
    this.#lastBusyNs = busyNs;
    this.#unusedNs = Math.max(0, explainedNs - lateNs);
    if (gapNs > this.longestNs) this.longestNs = gapNs;
    if (gapNs >= GAP_MIN_NS && this.gaps.length < GAP_LIMIT)
      this.gaps.push({ endNs: nowNs, lengthNs: gapNs });
  }
}
