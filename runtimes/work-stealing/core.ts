/**
 * One worker's part of the scheduler: where ids wait, which is next, when the worker searches and parks, and
 * whom it wakes. It knows no clock, task or socket, and shares nothing but words behind the atomics port, so
 * that the model checker and the stress drive this very code.
 *
 * Ids wait in four places: the LIFO slot and the deque of this worker, the deques of others, the injector.
 * A tick takes one id from a queue and then up to three that the polls before it left in the slot.
 *
 * Who publishes an id sees to it that somebody comes for it:
 * - into the own deque while the poll goes on (`readyBeside`): wakes one at once;
 * - into the own deque at the end of a poll (`ready`): this worker comes itself, and before it polls anything
 *   else it wakes one for what it leaves behind (`handOn`);
 * - into the slot: nobody. This worker comes itself, with its next poll, and only it; as in Tokio.
 */
import { load } from "./atomics.ts";
import { DEQUE_CAPACITY, Deque } from "./deque.ts";
import { Idle, NOBODY } from "./idle.ts";
import { EMPTY, Injector } from "./injector.ts";

/** Polls from the LIFO slot in a row, as in Tokio: more could starve the deque behind it. */
const LIFO_POLLS_LIMIT = 3;
/** The most that is taken from the injector at a time: half of a deque, so that taking never overflows one. */
const INJECTED_LIMIT = DEQUE_CAPACITY / 2;

/** The shared words of the queues; each thread makes its own views. */
export interface QueueMemory {
  /** One for all workers, or one a worker where queues are partitioned. */
  readonly injectors: readonly Int32Array[];
  readonly idle: Int32Array;
  /** One a worker. */
  readonly deques: readonly Int32Array[];
}

/** What the core counts; a `Recorder` is one. */
export interface Tally {
  stole(tasks: number): void;
  overflowed(tasks: number): void;
  polledFromLifo(): void;
}

export interface CoreSettings {
  readonly worker: number;
  readonly workerCount: number;
  readonly queues: QueueMemory;
  readonly kind: "stealing" | "partitioned" | "global";
  readonly hasLifoSlot: boolean;
  /** The word that tells workers to leave: not 0. */
  readonly stop: { readonly words: Int32Array; readonly at: number };
  readonly tally: Tally;
  /** Sends a message to the event loop of another worker. */
  readonly ring: (worker: number) => void;
}

export class Core {
  readonly #settings: CoreSettings;
  readonly #worker: number;
  readonly #isStealing: boolean;
  readonly #isGlobal: boolean;
  readonly #hasLifoSlot: boolean;
  readonly #deque: Deque;
  readonly #others: readonly Deque[];
  readonly #injector: Injector;
  readonly #idle: Idle;
  readonly #tally: Tally;
  readonly #stopWords: Int32Array;
  readonly #stopAt: number;
  /**
   * Whether what `next` answered last came from outside or from another worker: then it may have become ready
   * after this worker last read the clock.
   */
  tookFromOthers = false;
  #slot = EMPTY;
  /** Polls from the slot since the tick began. */
  #slotPolls = 0;
  /** This worker counts as a searcher in the idle set. */
  #isSearching = false;
  #random: number;

  constructor(settings: CoreSettings) {
    const { worker, queues, kind } = settings;
    this.#settings = settings;
    this.#worker = worker;
    this.#isStealing = kind === "stealing";
    this.#isGlobal = kind === "global";
    this.#hasLifoSlot = settings.hasLifoSlot;
    const deques = queues.deques.map((words) => new Deque(words));
    this.#deque = deques[worker] as Deque;
    this.#others = this.#isStealing ? deques.filter((deque) => deque !== this.#deque) : [];
    this.#injector = new Injector(queues.injectors[worker % queues.injectors.length] as Int32Array);
    this.#idle = new Idle(queues.idle);
    this.#tally = settings.tally;
    this.#stopWords = settings.stop.words;
    this.#stopAt = settings.stop.at;
    this.#random = worker + 1;
  }

  get isStopped(): boolean {
    return load(this.#stopWords, this.#stopAt) !== 0;
  }

  /** `id` can be polled, and no poll of this worker goes on: it is polled next here, or taken by a thief. */
  ready(id: number): void {
    if (!this.#hasLifoSlot) {
      this.readyLast(id);
      return;
    }
    const displaced = this.#slot;
    this.#slot = id;
    if (displaced !== EMPTY) this.readyLast(displaced);
  }

  /** The same while a poll of this worker goes on: it may be long until this worker is free. */
  readyBeside(id: number): void {
    if (!this.#hasLifoSlot) {
      this.readyLast(id);
      if (!this.#isGlobal) this.#wakeOne();
      return;
    }
    const displaced = this.#slot;
    this.#slot = id;
    if (displaced === EMPTY) return;
    this.readyLast(displaced);
    this.#wakeOne();
  }

  /** `id` can be polled after all that is ready now. */
  readyLast(id: number): void {
    if (this.#isGlobal) {
      this.#injector.pushOne(id);
      this.#wakeOne();
      return;
    }
    while (!this.#deque.push(id)) {
      if (!this.#deque.overflow(id, this.#injector)) continue;
      this.#tally.overflowed(DEQUE_CAPACITY / 2 + 1);
      return;
    }
  }

  /**
   * The id that goes on with this tick: what the last poll left in the slot, or EMPTY. Where the tick has had
   * its share of such polls, or `mayFollow` is false, that id goes to the back of the deque.
   */
  follower(mayFollow: boolean): number {
    const id = this.#slot;
    if (id === EMPTY) return EMPTY;
    this.#slot = EMPTY;
    if (mayFollow && this.#slotPolls < LIFO_POLLS_LIMIT) {
      this.#slotPolls++;
      this.#tally.polledFromLifo();
      return id;
    }
    this.readyLast(id);
    return EMPTY;
  }

  /** Begins a tick: the next id, or EMPTY after a search that found nothing. The slot is empty. */
  next(looksOutsideFirst: boolean): number {
    this.#slotPolls = 0;
    this.tookFromOthers = true;
    if (looksOutsideFirst || this.#isGlobal) {
      const injected = this.#injector.pop();
      if (injected !== EMPTY) return this.#found(injected);
      if (this.#isGlobal) return EMPTY;
    }
    const own = this.#deque.pop();
    if (own !== EMPTY) {
      this.tookFromOthers = false;
      return this.#isSearching ? this.#found(own) : own;
    }
    const taken = this.#takeInjected();
    if (taken !== EMPTY) return this.#found(taken);
    return this.#isStealing ? this.#steal() : EMPTY;
  }

  /** Called before a poll: what waits in the deque meanwhile is for others to take. */
  handOn(): void {
    if (this.#isStealing && this.#deque.length > 0) this.#wakeOne();
  }

  /**
   * Announces that this worker is about to wait, ON_WORD or IN_LOOP. false: it must not, for there is work or
   * the stop; it goes on as if it had been woken, as a searcher: what it saw may be more than it will take, and
   * whoever published it may have left it to the search that this worker just ended.
   */
  parks(how: number): boolean {
    this.#idle.announce(this.#worker, how, this.#isSearching);
    this.#isSearching = false;
    // Nobody searches on behalf of a partition; otherwise whoever ends the last search looks again.
    const isPartitioned = this.#settings.kind === "partitioned";
    const isLookedAfter = !isPartitioned && this.#idle.isAnyoneSearching();
    if (!this.isStopped && (isLookedAfter || !this.#isWorkWaiting())) return true;
    this.unpark();
    if (!isPartitioned && !this.#isSearching) this.#isSearching = this.#idle.trySearch();
    return false;
  }

  /** Waits until somebody wakes this worker, at most `limitMs`. After `parks(ON_WORD)`; then `unpark`. */
  wait(limitMs: number): void {
    this.#idle.wait(this.#worker, limitMs);
  }

  /** This worker runs again. */
  unpark(): void {
    this.#isSearching = this.#idle.retract(this.#worker);
  }

  /** Takes this worker's share of what was injected. */
  #takeInjected(): number {
    const waiting = this.#injector.tail() - this.#injector.head();
    if (waiting <= 0) return EMPTY;
    const sharerCount = this.#isStealing ? this.#settings.workerCount : 1;
    const share = Math.ceil(waiting / sharerCount);
    return this.#deque.takeFrom(this.#injector, Math.min(share, INJECTED_LIMIT));
  }

  #steal(): number {
    const others = this.#others;
    if (others.length === 0) return EMPTY;
    if (!this.#isSearching && !this.#idle.trySearch()) return EMPTY;
    this.#isSearching = true;
    const first = this.#draw() % others.length;
    for (let index = 0; index < others.length; index++) {
      const id = this.#deque.stealFrom(others[(first + index) % others.length] as Deque);
      if (id === EMPTY) continue;
      this.#tally.stole(1 + this.#deque.length);
      return this.#found(id);
    }
    return EMPTY;
  }

  /** A search that found something ends, and hands on to another worker if there is more. */
  #found(id: number): number {
    if (this.#isSearching) {
      this.#isSearching = false;
      this.#idle.endSearch();
      if (this.#isWorkWaiting()) this.#wakeOne();
    }
    return id;
  }

  /** Whether something waits that this worker could take. */
  #isWorkWaiting(): boolean {
    if (this.#injector.tail() > this.#injector.head() || this.#deque.length > 0) return true;
    for (const deque of this.#others) if (deque.length > 0) return true;
    return false;
  }

  /** Nobody is woken for a partition: whoever puts something in wakes its worker. */
  #wakeOne(): void {
    if (this.#settings.kind === "partitioned") return;
    const worker = this.#idle.wakeOne();
    // A worker that waits in its event loop may find itself: it is awake, since it called.
    if (worker !== NOBODY && worker !== this.#worker) this.#settings.ring(worker);
  }

  /** Where to start looking for a victim (xorshift32; Marsaglia, "Xorshift RNGs", 2003). */
  #draw(): number {
    let x = this.#random;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#random = x;
    return x >>> 0;
  }
}
