/**
 * How many ticks a worker makes between two looks at the injector while its own deque has work: tuned to the
 * length of its ticks, so that injected work waits about 200 µs, whether they are short or long.
 *
 * Target, limits and weights are Tokio's (runtime/scheduler/multi_thread/stats.rs).
 */

const TARGET_NS = 200e3;
const LEAST = 2;
const MOST = 127;
/** Before anything is known: Tokio's default event interval. */
const START = 61;
/** Weight of one tick in the running mean. */
const ALPHA = 0.1;

/** Of one worker, used by it alone. */
export class LookInterval {
  /** Look again after this many ticks. */
  ticks: number;
  readonly #isTuned: boolean;
  #meanTickNs = TARGET_NS / START;
  #batchStartNs = 0;

  /** `fixed`: so many ticks always; null: tuned. */
  constructor(fixed: number | null = null) {
    this.ticks = fixed ?? START;
    this.#isTuned = fixed === null;
  }

  /** The worker begins to poll at `nowNs`: what came before was waiting. */
  begin(nowNs: number): void {
    this.#batchStartNs = nowNs;
  }

  /** The worker looks at `nowNs`, after `tickCount` ticks without a wait since it began or last looked. */
  look(nowNs: number, tickCount: number): void {
    const meanNs = (nowNs - this.#batchStartNs) / tickCount;
    this.#batchStartNs = nowNs;
    if (!this.#isTuned) return;
    const weight = 1 - (1 - ALPHA) ** tickCount;
    this.#meanTickNs += weight * (meanNs - this.#meanTickNs);
    this.ticks = Math.min(MOST, Math.max(LEAST, Math.floor(TARGET_NS / this.#meanTickNs)));
  }
}
