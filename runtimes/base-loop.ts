/**
 * What the loops of all TypeScript runtimes share: from settings to interpreter and recorder, polling by id,
 * echoes, idle stretches, and the way back from Node's event loop.
 *
 * A worker thread makes loops of one class only, so V8 calls what a class fills in as if it stood here.
 */
import { Clock } from "./clock.ts";
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
  readonly #taskCount: number;
  readonly #headerI32: Int32Array;
  readonly #sockets: Sockets | null;
  readonly #turn: () => void = () => this.#takeTurn();
  /** A turn is on its way by `setImmediate`. */
  #isTurnDue = false;
  /** Since when there has been nothing to poll; NaN while there is. */
  #idleSinceNs = Number.NaN;
  #leave: () => void = () => undefined;

  constructor({ worker, trace, tasks, records, epochNs, sockets, untilIdle }: LoopSettings) {
    this.clock = new Clock(epochNs);
    this.recorder = new Recorder(records, worker);
    this.interpreter = new Interpreter(trace, tasks, this.recorder, this.clock, this);
    this.untilIdle = untilIdle;
    this.#taskCount = trace.taskCount;
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
    if (id < this.#taskCount) this.interpreter.poll(id);
    else this.interpreter.runCanary(id - this.#taskCount);
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

  #takeTurn(): void {
    this.#isTurnDue = false;
    if (this.turn() === "goes on") return;
    this.endIdle();
    this.#leave();
  }
}
