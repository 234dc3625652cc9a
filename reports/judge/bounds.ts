/**
 * From where on a trial tells of the machine or of the load's generator rather than of the runtime. Every bound of
 * validity stands here and nowhere else, with what it rests on; how far stamps may lie apart is in `tolerance.ts`.
 */

/**
 * A sensor with fewer samples than these reads "too short to judge": a p99 of fewer is its largest value. CPU time,
 * stolen time and throttling are differences of sums, which more readings make no truer: their bounds are wider by
 * the error of their clock, and they are judged where the witness looked so often.
 */
export const MIN_SENSOR_SAMPLES = 100;

/**
 * CPU of others, in cores. Trials of block-k and cpu-mix that nobody disturbed read 0.00 to 0.02 (2 cores, n = 7). A
 * thread that burns a core beside as many workers as cores gets at least half of one from a fair scheduler.
 */
const FOREIGN_CORES = 0.3;

/**
 * The same, of the machine's hypervisor. Not 0: a virtual machine whose 2 cores were busy for three quarters of the
 * time or more lost none of a core in half of its seconds, up to 0.04 in 95 % and up to 0.08 in 99 % (n = 1,917).
 */
const STOLEN_CORES = 0.1;

/** Judged over the worst second of a trial, so that a long one does not dilute what came over it. */
export const WORST_STRETCH_NS = 1e9;

/** Stopped for longer, a trial has a freeze of its own in every figure: twice the 10 ms from which work starves. */
export const GAP_NS = 20e6;

/** A quota that was used up stops all threads at once, for most of its period of 100 ms by default. */
export const THROTTLED_NS = 0;

/**
 * Witness and releaser. With one worker on 2 cores they share the other one, and the releaser spins there: of 40 trials
 * of cpu-mix on an otherwise idle machine 17 had a lateness or lag of more than 1 ms at p99.
 */
export const HARNESS_THREADS = 2;

/**
 * The 99th percentiles of what only an idle core keeps small: how late the witness looked, how late the load came,
 * how much longer than asked blocks lasted. With a thread for every core the witness's is 2 to 48 ms for no other
 * reason (1 kHz beside two burning threads on two cores), which is why they hold nobody to account there.
 */
export const WITNESS_LATENESS_NS = 1e6;
export const RELEASE_LAG_NS = 1e6;
export const BLOCK_OVERSHOOT_NS = 2.5e6;

/** A single thread this busy has no room for a burst: it is the limit itself. */
export const PEER_CORE_SHARE = 0.7;

/**
 * What the releaser may take where the workers need every core, as a share of all of them: that much less is left
 * for the workers. At 3,000 releases a second it took 0.048 and 0.061 of a core (native, work-stealing), at
 * 1,000 0.014 and 0.015; 2 cores, a trial each.
 */
const RELEASER_SHARE_OF_CORES = 0.05;

/** An open loop of which more had not been started when its window closed was offered more than could be done. */
export const SATURATED_SHARE = 0.05;

/**
 * Of the tasks in flight on average, how many more or fewer the witness may have seen than the records have: 5 %, or three
 * standard errors. Strays are put down to no more than the tenth of its looks that contradict most: of an honest trial on
 * a machine with seven times more to do than cores, one look in eighteen did.
 */
export const LAW_DIFFERENCE_SHARE = 0.05;
export const LAW_STANDARD_ERRORS = 3;
export const LAW_STRAY_SHARE = 0.1;

/** proc_stat(5): idle and stolen time of a CPU are shown in whole units of this. */
const CLOCK_UNIT_NS = 10e6;

/**
 * Three standard errors of a difference of two sums over so many CPUs, each cut off to a whole unit: a cut is spread
 * evenly over the unit, with a variance of 1/12.
 */
export function clockErrorNs(cpuCount: number): number {
  return 3 * CLOCK_UNIT_NS * Math.sqrt((2 * cpuCount) / 12);
}

/** What is judged over a stretch: its length, the CPUs that were watched, and who wanted them. */
export interface Shared {
  readonly lengthNs: number;
  readonly cpuCount: number;
  readonly coreCount: number;
  readonly workerCount: number;
}

/**
 * FOREIGN_CORES; or half of what a fair scheduler gives a neighbour that would burn a core beside this many workers,
 * where that is less. Wider by what the clock may be off.
 */
export function foreignCoresBound({ lengthNs, cpuCount, coreCount, workerCount }: Shared): number {
  const neighbour = coreCount / (workerCount + 1);
  return Math.min(FOREIGN_CORES, neighbour / 2) + clockErrorNs(cpuCount) / lengthNs;
}

export function stolenCoresBound({ lengthNs, cpuCount }: Shared): number {
  return STOLEN_CORES + clockErrorNs(cpuCount) / lengthNs;
}

/** A thread's own limit is the limit where the cores are many. */
export function releaserCoreBound(coreCount: number): number {
  return Math.min(RELEASER_SHARE_OF_CORES * coreCount, PEER_CORE_SHARE);
}
