/**
 * What queueing theory says of blocks that arrive at random: the truth that measured waits are held against.
 *
 * Blocks arrive as a Poisson process at one FIFO queue before c equal workers (Kendall's M/·/c). The offered load
 * in erlangs is a = arrival rate × mean block length, the utilisation ρ = a/c. A task or canary of no work that
 * comes at a random instant waits exactly as long as a block would: Poisson arrivals see time averages (Wolff, 1982).
 *
 * Whatever is no such queue is a defect of the caller: no workers, a load of zero, one that the workers cannot
 * carry (ρ ≥ 1), NaN. There is no stationary wait to speak of.
 */
import { strict as assert } from "node:assert";

export interface BlockingLoad {
  /** c: a whole number from 1 to 1024. */
  readonly workerCount: number;
  /** a: the mean number of blocks that begin in the time of one. Above 0, below c. */
  readonly erlangs: number;
  /** B: the mean length of a block. */
  readonly blockNsMean: number;
}

/** The stationary wait from a block's arrival to its start. */
export interface Waits {
  /** A: the share of time in which all workers are held, and of arrivals that have to wait (0…1). */
  readonly allHeldShare: number;
  readonly waitNsMean: number;
  /**
   * Mean length of a stretch in which all workers are held, A/(λ·p(c−1)): each begins with an arrival that finds
   * c − 1 of them held. null: too rare to say, p(c−1) is below what a double holds.
   */
  readonly allHeldNsMean: number | null;
  /** P(wait > limitNs), for limitNs ≥ 0. */
  exceedsShare(limitNs: number): number;
  /** The shortest time that a share `q` of the waits does not exceed, for 0 ≤ q < 1. */
  quantileNs(q: number): number;
}

/** As many workers as a plan may ask for: it bounds the work of the sums below. */
const WORKER_COUNT_MAX = 1024;

/**
 * Erlang B: the share of calls that are lost (0…1) where there is no queue, M/G/c/c.
 * Erlang (1917), by the recursion B(0) = 1, B(k) = aB(k−1)/(k + aB(k−1)), which cancels nothing.
 */
export function erlangB(workerCount: number, erlangs: number): number {
  assertWorkers(workerCount);
  assert(
    erlangs >= 0 && erlangs < Number.POSITIVE_INFINITY,
    `${erlangs} erlangs are no load: give a finite number from 0`,
  );
  let lostShare = 1;
  for (let workers = 1; workers <= workerCount; workers++) {
    lostShare = (erlangs * lostShare) / (workers + erlangs * lostShare);
  }
  return lostShare;
}

/** Erlang C: the share of arrivals that wait (0…1) in M/M/c, B/(1 − ρ(1 − B)). Erlang (1917). */
export function erlangC(workerCount: number, erlangs: number): number {
  assertCarried(workerCount, erlangs);
  const lostShare = erlangB(workerCount, erlangs);
  return lostShare / (1 - (erlangs / workerCount) * (1 - lostShare));
}

/**
 * M/M/c, blocks of exponential length: P(wait > t) = C·e^(−(c−a)t/B) with Erlang's C.
 * Its mean is C·B/(c − a). An all-held stretch lasts B/(c − a), as the busy period of one worker that is c times
 * as fast. Erlang (1917); Kleinrock, "Queueing Systems" I (1975), 3.5.
 */
export function exponentialBlocks(load: BlockingLoad): Waits {
  assertLoad(load);
  const { workerCount, erlangs, blockNsMean } = load;
  const allHeldShare = erlangC(workerCount, erlangs);
  const decayNs = blockNsMean / (workerCount - erlangs);
  return {
    allHeldShare,
    waitNsMean: allHeldShare * decayNs,
    allHeldNsMean: decayNs,
    exceedsShare: (limitNs) => {
      assertLimit(limitNs);
      return allHeldShare * Math.exp(-limitNs / decayNs);
    },
    quantileNs: (q) => {
      assertQuantile(q);
      return decayNs * Math.max(0, Math.log(allHeldShare / (1 - q)));
    },
  };
}

/** Nearer to saturation the sums of `ladderWeights` are too long: they grow with (1 − ρ)^−3. */
const FIXED_UTILISATION_MAX = 0.98;

/**
 * M/D/c, blocks of one fixed length D. Shares to 1e-11, the mean to 1e-8 of itself.
 *
 * The stationary chain: what is in service now has left after D and nothing else has, so the backlog L behind the
 * workers obeys L' = max(0, L + X − c), X a Poisson(a) number of arrivals (Crommelin, 1932). A wait longer than
 * t = kD − x, 0 < x ≤ D, is a backlog x ago that, with those who came since, fills kc places (Franx, "A simple
 * solution for the M/D/c waiting time distribution", Operations Research Letters 29, 2001):
 * P(wait > t) = P(L + Poisson(λx) ≥ kc). The mean is E[L]/λ (Little, 1961).
 */
export function fixedBlocks(load: BlockingLoad): Waits {
  assertLoad(load);
  const { workerCount, erlangs, blockNsMean } = load;
  const utilisation = erlangs / workerCount;
  assert(
    utilisation <= FIXED_UTILISATION_MAX,
    `utilisation ${utilisation} with fixed blocks is too near to saturation: give at most ${FIXED_UTILISATION_MAX}`,
  );
  const backlog = backlogOf(workerCount, erlangs);
  const exceedsShare = (limitNs: number): number => {
    assertLimit(limitNs);
    const blocks = limitNs / blockNsMean;
    const turns = Math.floor(blocks) + 1;
    return fillsShare(backlog, erlangs * (turns - blocks), turns * workerCount);
  };
  const allHeldShare = exceedsShare(0);
  const arrivalsPerNs = erlangs / blockNsMean;
  const oneIdleShare = fillsShare(backlog, erlangs, workerCount - 1) - allHeldShare;
  // Lundberg's bound: the wait is the maximum of a random walk with steps D − (the time of c arrivals) (Kingman, 1964).
  const slowestDecayPerNs = arrivalsPerNs * Math.expm1(backlog.logDecay);
  return {
    allHeldShare,
    waitNsMean: backlog.mean / arrivalsPerNs,
    allHeldNsMean: oneIdleShare > TINY_SHARE ? allHeldShare / (arrivalsPerNs * oneIdleShare) : null,
    exceedsShare,
    quantileNs: (q) => {
      assertQuantile(q);
      return fallsTo(exceedsShare, 1 - q, -Math.log(1 - q) / slowestDecayPerNs);
    },
  };
}

export interface PartitionedShares {
  /** Share of arrivals that wait although another worker may be free: each queue is an M/G/1, so ρ. */
  readonly waitShare: number;
  /** Share of time in which all workers are held: they are independent, so ρ^c. */
  readonly allHeldShare: number;
  /** Share of arrivals that wait while some worker is free, which only the scheduler is to blame for: ρ − ρ^c. */
  readonly schedulerShare: number;
}

/**
 * A queue of its own for each worker, arrivals dealt out at random and nothing stolen: c independent M/G/1.
 * Held by ρ whatever the lengths of the blocks: Little's law for the one place in service (Kleinrock, I, 2.1).
 */
export function partitionedQueues(workerCount: number, erlangs: number): PartitionedShares {
  assertCarried(workerCount, erlangs);
  const waitShare = erlangs / workerCount;
  const allHeldShare = waitShare ** workerCount;
  return { waitShare, allHeldShare, schedulerShare: waitShare - allHeldShare };
}

/** −ln of a share, about 1e-18, that is lost in the rounding of the whole. */
const NEGLIGIBLE_LOG = 41;
/** Smaller shares lose digits to underflow. */
const TINY_SHARE = 1e-290;

/** The blocks L that wait for a worker in M/D/c, at a random instant. */
interface Backlog {
  /** P(L ≥ m) by m; beyond its end it is negligible. */
  readonly reachesShare: Float64Array;
  /** E[L] */
  readonly mean: number;
  /** ln τ: P(L ≥ m) ≤ τ^−m, where τ > 1 solves a(τ − 1) = c ln τ (Lundberg's bound). */
  readonly logDecay: number;
}

/**
 * L is the maximum of the random walk S(n) = Poisson(na) − nc. By Spitzer (1956) its generating function is
 * exp(Σ b(k)(z^k − 1)) with b(k) = Σ P(S(n) = k)/n over n ≥ 1. So E[L] = Σ k·b(k), P(L = 0) = exp(−Σ b(k)), and
 * m·P(L = m) = Σ k·b(k)·P(L = m − k) over 1 ≤ k ≤ m. No term is negative: nothing cancels.
 */
function backlogOf(workerCount: number, erlangs: number): Backlog {
  const logDecay = logDecayOf(workerCount, erlangs);
  const levelCount = Math.max(workerCount, Math.ceil(NEGLIGIBLE_LOG / logDecay));
  const weights = ladderWeights(workerCount, erlangs, levelCount);
  let mean = 0;
  let ladderSum = 0;
  for (let level = levelCount; level >= 1; level--) {
    mean += weights[level] as number;
    ladderSum += (weights[level] as number) / level;
  }
  const isShare = new Float64Array(levelCount + 1);
  isShare[0] = Math.exp(-ladderSum);
  for (let level = 1; level <= levelCount; level++) {
    let sum = 0;
    for (let k = 1; k <= level; k++) sum += (weights[k] as number) * (isShare[level - k] as number);
    isShare[level] = sum / level;
  }
  const reachesShare = new Float64Array(levelCount + 1);
  let share = 0;
  for (let level = levelCount; level >= 1; level--) {
    share += isShare[level] as number;
    reachesShare[level] = share;
  }
  reachesShare[0] = 1;
  return { reachesShare, mean, logDecay };
}

/** k·b(k) by k, from 1. */
function ladderWeights(workerCount: number, erlangs: number, levelCount: number): Float64Array {
  const weights = new Float64Array(levelCount + 1);
  // P(S(n) ≥ 0) ≤ e^(−nc·excess(ρ)) (Chernoff's bound).
  const stepCount = Math.ceil(NEGLIGIBLE_LOG / (workerCount * excess(erlangs / workerCount)));
  for (let step = 1; step <= stepCount; step++) {
    let share = poisson(step * workerCount, step * erlangs);
    for (let level = 1; level <= levelCount && share > TINY_SHARE; level++) {
      share *= (step * erlangs) / (step * workerCount + level);
      weights[level] = (weights[level] as number) + (level * share) / step;
    }
  }
  return weights;
}

/** P(L + Poisson(mean) ≥ places). */
function fillsShare({ reachesShare }: Backlog, mean: number, places: number): number {
  let share = poissonReaches(places, mean);
  for (let come = Math.max(0, places - reachesShare.length + 1); come < places; come++) {
    share += poisson(come, mean) * (reachesShare[places - come] as number);
  }
  return share;
}

/** The largest root of a·(e^y − 1) = c·y, by Newton's method from above: the difference is convex in y. */
function logDecayOf(workerCount: number, erlangs: number): number {
  let root = 2 * Math.log(workerCount / erlangs) + 2;
  for (;;) {
    const grown = erlangs * Math.exp(root);
    const next = root - (grown - erlangs - workerCount * root) / (grown - workerCount);
    if (!(next < root)) return root;
    root = next;
  }
}

/** r − 1 − ln r ≥ 0: the exponent by which a Poisson variable of mean r·m misses m. */
function excess(ratio: number): number {
  return ratio - 1 - Math.log(ratio);
}

/**
 * P(Poisson(mean) = count) for mean > 0, by Stirling's series: no factorial overflows and no exponents of the size
 * of `count` cancel. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000).
 */
function poisson(count: number, mean: number): number {
  if (count === 0) return Math.exp(-mean);
  return Math.exp(-count * excess(mean / count) - stirlingError(count)) / Math.sqrt(2 * Math.PI * count);
}

/** ln n! less Stirling's ½ln(2πn) + n ln n − n. From 16 on four terms of its series are exact in double precision. */
function stirlingError(n: number): number {
  if (n < 16) {
    let factorial = 1;
    for (let factor = 2; factor <= n; factor++) factorial *= factor;
    return Math.log(factorial) - 0.5 * Math.log(2 * Math.PI * n) - n * Math.log(n) + n;
  }
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / square) / square) / square) / n;
}

/** P(Poisson(mean) ≥ count), for count ≥ mean − 1: the terms fall from the first on. */
function poissonReaches(count: number, mean: number): number {
  let term = poisson(count, mean);
  let share = 0;
  for (let next = count + 1; share + term > share; next++) {
    share += term;
    term *= mean / next;
  }
  return Math.min(1, share);
}

/** Where a falling `share` comes down to `target`, between 0 and `high`: bisection to the last bit. */
function fallsTo(share: (at: number) => number, target: number, high: number): number {
  if (share(0) <= target) return 0;
  let above = 0;
  let below = high;
  for (;;) {
    const middle = (above + below) / 2;
    if (middle <= above || middle >= below) return below;
    if (share(middle) > target) above = middle;
    else below = middle;
  }
}

function assertWorkers(workerCount: number): void {
  assert(
    Number.isInteger(workerCount) && workerCount >= 1 && workerCount <= WORKER_COUNT_MAX,
    `${workerCount} workers: give a whole number from 1 to ${WORKER_COUNT_MAX}`,
  );
}

function assertCarried(workerCount: number, erlangs: number): void {
  assertWorkers(workerCount);
  assert(
    erlangs > 0 && erlangs < workerCount,
    `${erlangs} erlangs on ${workerCount} workers have no stationary wait: give more than 0 and less than ${workerCount}`,
  );
}

function assertLoad({ workerCount, erlangs, blockNsMean }: BlockingLoad): void {
  assertCarried(workerCount, erlangs);
  assert(
    blockNsMean > 0 && blockNsMean < Number.POSITIVE_INFINITY,
    `blocks of ${blockNsMean} ns: give a finite length above 0`,
  );
}

function assertLimit(limitNs: number): void {
  assert(limitNs >= 0, `${limitNs} ns is no length of a wait: give 0 or more`);
}

function assertQuantile(q: number): void {
  assert(q >= 0 && q < 1, `no wait stands at quantile ${q}: give 0 or more and less than 1`);
}
