/**
 * How many polls a worker makes between two looks at the injector while its own deque has work: tuned to the
 * length of its polls, so that injected work waits about 200 µs, whether polls are short or long.
 *
 * Target, limits and weights are Tokio's (runtime/scheduler/multi_thread/stats.rs).
 */

const TARGET_NS = 200e3;
const LEAST = 2;
const MOST = 127;
/** Before anything is known: Tokio's default event interval. */
const START = 61;
/** Weight of one poll in the running mean. */
const ALPHA = 0.1;

/** Of one worker, used by it alone. */
export class LookInterval {
  /** Look again after this many polls. */
  polls: number = START;
  #meanPollNs = TARGET_NS / START;
  #batchStartNs = 0;

  /** The worker begins to poll at `nowNs`: what came before was waiting. */
  begin(nowNs: number): void {
    this.#batchStartNs = nowNs;
  }

  /** The worker looks at `nowNs`, after `pollCount` polls without a wait since it began or last looked. */
  look(nowNs: number, pollCount: number): void {
    const meanNs = (nowNs - this.#batchStartNs) / pollCount;
    this.#batchStartNs = nowNs;
    const weight = 1 - (1 - ALPHA) ** pollCount;
    this.#meanPollNs += weight * (meanNs - this.#meanPollNs);
    this.polls = Math.min(MOST, Math.max(LEAST, Math.floor(TARGET_NS / this.#meanPollNs)));
  }
}
