/**
 * What the loops of all TypeScript runtimes share: from settings to interpreter and recorder, polling by id,
 * echoes, idle stretches, and the way back from Node's event loop.
 *
 * A worker thread makes loops of one class only, so V8 calls what a class fills in as if it stood here.
 */
import { type Trace, timerDueNs } from "../workloads/trace/trace.ts";
import { Clock } from "./clock.ts";
import { type Ids, idsOf } from "./ids.ts";
import { type EchoRequest, Interpreter, type Scheduler } from "./interpreter.ts";
import { recordsHeaderRow } from "./record.ts";
import { Recorder } from "./recorder.ts";
import type { Sockets } from "./sockets.ts";
import type { Loop, LoopSettings } from "./thread.ts";

const STOP = recordsHeaderRow.index.stop;

export abstract class BaseLoop implements Loop, Scheduler {
  protected readonly clock: Clock;
  protected readonly recorder: Recorder;
  protected readonly interpreter: Interpreter;
  /** Leaves as soon as nothing is ready or pending. */
  protected readonly untilIdle: boolean;
  /** Waits in the event loop, and has announced it; every callback there must bring it back. */
  protected isParkedInLoop = false;
  readonly #worker: number;
  readonly #workerCount: number;
  readonly #trace: Trace;
  readonly #ids: Ids;
  readonly #headerI32: Int32Array;
  readonly #sockets: Sockets | null;
  readonly #turn: () => void = () => this.#takeTurn();
  /** A turn is on its way by `setImmediate`. */
  #isTurnDue = false;
  /** Since when there has been nothing to poll; NaN while there is. */
  #idleSinceNs = Number.NaN;
  #leave: () => void = () => undefined;

  constructor(settings: LoopSettings) {
    const { worker, workerCount, trace, tasks, records, epochNs, sockets, untilIdle } = settings;
    this.clock = new Clock(epochNs);
    this.recorder = new Recorder(records, worker);
    this.interpreter = new Interpreter(trace, tasks, this.recorder, this.clock, this);
    this.untilIdle = untilIdle;
    this.#worker = worker;
    this.#workerCount = workerCount;
    this.#trace = trace;
    this.#ids = idsOf(records.shape);
    this.#headerI32 = records.headerI32;
    this.#sockets = sockets;
    if (sockets !== null) {
      sockets.onReply = (task, sentNs, result) => {
        this.interpreter.wake(task, sentNs - epochNs, result);
        if (this.isParkedInLoop) this.turnSoon();
      };
    }
  }

  abstract ready(task: number): void;
  abstract readyBeside(task: number): void;
  abstract readyLast(task: number): void;
  abstract proceeds(): boolean;
  abstract sleepUntil(task: number, atNs: number): void;
  abstract releaseAt(task: number, atNs: number): void;

  /** Polls until there is a reason to return to the event loop, and says whether that is the end. */
  protected abstract turn(): "ended" | "goes on";

  run(): Promise<void> {
    const left = new Promise<void>((resolve) => {
      this.#leave = resolve;
    });
    this.#setTimerCanary(this.#worker);
    this.#takeTurn();
    return left;
  }

  resume(): void {
    if (this.isParkedInLoop && !this.#isTurnDue) this.#takeTurn();
  }

  echo(task: number, request: EchoRequest): void {
    if (this.#sockets === null) throw new Error("an echo in a trace without connections");
    this.#sockets.send(task, request);
  }

  /** Comes back from the event loop after what is pending there was served. */
  protected turnSoon(): void {
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    setImmediate(this.#turn);
  }

  protected poll(id: number): void {
    if (id < this.#ids.canaries) this.interpreter.poll(id);
    else this.#runCanary(id);
  }

  /** The timer of `id` that was due at `dueNs` has fired by the clock's last reading. */
  protected timerFired(id: number, dueNs: number): void {
    if (id < this.#ids.canaries) this.interpreter.slept(id, dueNs);
    else this.#wakeTimerCanary(id - this.#ids.timers);
  }

  /** There has been nothing to poll since `sinceNs`, if not for longer. */
  protected beginIdle(sinceNs: number): void {
    if (Number.isNaN(this.#idleSinceNs)) this.#idleSinceNs = sinceNs;
  }

  /** Ends with the reading that was made for the poll that comes. */
  protected endIdle(): void {
    if (Number.isNaN(this.#idleSinceNs)) return;
    this.recorder.idle(this.#idleSinceNs, this.clock.nowNs);
    this.#idleSinceNs = Number.NaN;
  }

  protected isReplyPending(): boolean {
    return this.#sockets !== null && this.#sockets.pendingCount > 0;
  }

  protected isStopped(): boolean {
    return Atomics.load(this.#headerI32, STOP) !== 0;
  }

  /** A canary does nothing, so that only its delay is left; an injected one spawns its local one. */
  #runCanary(id: number): void {
    const { canaries, timers, locals } = this.#ids;
    const { clock, recorder } = this;
    clock.read();
    if (id < timers) {
      recorder.canaryRan(id - canaries, clock.nowNs);
      this.readyBeside(locals + id - canaries);
    } else if (id < locals) {
      recorder.timerRan(id - timers, clock.nowNs);
    } else {
      recorder.localRan(id - locals, clock.nowNs);
    }
  }

  /** Every worker has timer canaries of its own, one timer at a time; `timer` is its next. */
  #setTimerCanary(timer: number): void {
    const { timers, locals } = this.#ids;
    if (timer >= locals - timers) return;
    const dueNs = timerDueNs(this.#trace, timer);
    this.recorder.timerSet(timer, dueNs);
    this.sleepUntil(timers + timer, dueNs);
  }

  /** The next one is set before this one runs, so that it need not wait for that. Those that are due by now come along. */
  #wakeTimerCanary(first: number): void {
    const { timers, locals } = this.#ids;
    let timer = first;
    this.ready(timers + timer);
    for (timer += this.#workerCount; timer < locals - timers; timer += this.#workerCount) {
      const dueNs = timerDueNs(this.#trace, timer);
      if (dueNs > this.clock.nowNs) break;
      this.recorder.timerSet(timer, dueNs);
      this.ready(timers + timer);
    }
    this.#setTimerCanary(timer);
  }

  #takeTurn(): void {
    this.#isTurnDue = false;
    if (this.turn() === "goes on") return;
    this.endIdle();
    this.#leave();
  }
}
