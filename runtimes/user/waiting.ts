/**
 * How a worker of a user's runtime waits and is woken, on its scheduler's behalf: the protocol of the idle set
 * (work-stealing/idle.ts) for a worker that never searches.
 *
 * Before it waits it announces that and looks once more; what that look finds is kept and polled next. Whoever wakes
 * a worker counts it as a searcher, and others leave ids to it while it is on its way: it ends that at once, looks,
 * and wakes another one for what it leaves outside.
 */
import { type Idle, NOBODY } from "../work-stealing/idle.ts";
import { EMPTY, type Injector } from "../work-stealing/injector.ts";

export interface WaitingSettings {
  readonly worker: number;
  readonly idle: Idle;
  readonly injector: Injector;
  /** Sends a message to the event loop of another worker. */
  readonly ring: (worker: number) => void;
  /** What the scheduler answers: an id, or EMPTY. */
  readonly next: () => number;
  readonly isStopped: () => boolean;
}

export class Waiting {
  readonly #worker: number;
  readonly #idle: Idle;
  readonly #injector: Injector;
  readonly #ring: (worker: number) => void;
  readonly #next: () => number;
  readonly #isStopped: () => boolean;
  /** Found while the worker was about to wait. */
  #kept = EMPTY;
  /** Somebody woke this worker, and it has not looked since. */
  #wasWoken = false;

  constructor({ worker, idle, injector, ring, next, isStopped }: WaitingSettings) {
    this.#worker = worker;
    this.#idle = idle;
    this.#injector = injector;
    this.#ring = ring;
    this.#next = next;
    this.#isStopped = isStopped;
  }

  /** The id to poll now, or EMPTY after a look that found nothing. */
  take(): number {
    const id = this.#kept === EMPTY ? this.#next() : this.#kept;
    this.#kept = EMPTY;
    this.#handOn();
    return id;
  }

  /** Announces that this worker waits, ON_WORD or IN_LOOP. false: it must not, for there is work or the stop. */
  parks(how: number): boolean {
    this.#idle.announce(this.#worker, how, false);
    // Whoever published before the announcement woke nobody: this look finds it.
    if (!this.#isStopped()) this.#kept = this.#next();
    if (this.#kept === EMPTY && !this.#isStopped()) return true;
    this.unpark();
    return false;
  }

  /** Waits until somebody wakes this worker, at most `limitMs`. After `parks(ON_WORD)`; then `unpark`. */
  wait(limitMs: number): void {
    this.#idle.wait(this.#worker, limitMs);
  }

  /** This worker runs again. */
  unpark(): void {
    if (!this.#idle.retract(this.#worker)) return;
    this.#idle.endSearch();
    this.#wasWoken = true;
  }

  /** Wakes `worker` if it waits. */
  wake(worker: number): void {
    this.#answer(this.#idle.interrupt(worker));
  }

  #handOn(): void {
    if (!this.#wasWoken) return;
    this.#wasWoken = false;
    if (this.#injector.tail() > this.#injector.head()) this.#answer(this.#idle.wakeOne());
  }

  /** Rings at a worker that waits in its event loop. This one may be told of itself: it is awake, since it called. */
  #answer(worker: number): void {
    if (worker !== NOBODY && worker !== this.#worker) this.#ring(worker);
  }
}
