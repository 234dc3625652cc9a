/**
 * The transition of a task: folds the result of the op it comes from, advances the program counter and
 * leaves the next effect. It performs nothing: live runtimes and the virtual one drive the same function.
 *
 * The twin is `runtimes/native/src/step.rs`.
 */
import { fold } from "./kernel.ts";
import { FINISHED } from "./op.ts";
import type { Trace } from "./trace.ts";
import * as layout from "./trace.ts";

const { opSeed } = layout;
// Local copies: an engine folds a module's own constants, not another module's.
const TASK_U32 = layout.TASK_U32;
const TASK_PROGRAM = layout.TASK_PROGRAM;
const TASK_SEED = layout.TASK_SEED;
const PROGRAM_U32 = layout.PROGRAM_U32;
const PROGRAM_FIRST_OP = layout.PROGRAM_FIRST_OP;
const PROGRAM_OP_COUNT = layout.PROGRAM_OP_COUNT;
const OP_F64 = layout.OP_F64;
const OP_U32 = layout.OP_U32;
const OP_CODE = layout.OP_CODE;
const OP_VARIANT = layout.OP_VARIANT;
const OP_A = layout.OP_A;
const OP_B = layout.OP_B;
const OP_TARGET = layout.OP_TARGET;
const OP_COUNT = layout.OP_COUNT;

/** Words of a task's state: where it stands and what it has folded so far. Owned by whoever polls the task. */
export const STATE_WORDS = 2;
const PC = 0;
const CHECKSUM = 1;

/**
 * Steps the tasks of one trace, one task at a time. One per worker; the states are shared between workers, one row
 * a task. A task's state is read when its poll begins and written when it suspends: one that ends in its first
 * poll writes none, so that workers whose tasks are neighbours do not take a cache line from each other.
 */
export class Stepper {
  /** Operands of the effect that the last `step` left. See the op table for their meaning. */
  variant = 0;
  a = 0;
  b = 0;
  target = 0;
  count = 0;
  /** Seed of that op: what its CPU work or its payload starts from. */
  seed = 0;

  readonly #tasks: Uint32Array;
  readonly #programs: Uint32Array;
  readonly #opWords: Uint32Array;
  readonly #opDoubles: Float64Array;
  readonly #states: Int32Array;
  #task = 0;
  #pc = 0;
  #checksum = 0;

  /** `states` holds STATE_WORDS words a task, all zero before the first poll of each. */
  constructor(trace: Trace, states: Int32Array) {
    this.#tasks = trace.taskU32;
    this.#programs = trace.programU32;
    this.#opWords = trace.opU32;
    this.#opDoubles = trace.opF64;
    this.#states = states;
  }

  /** From here on `task` is stepped, from where it stands. */
  begin(task: number): void {
    this.#task = task;
    this.#pc = this.#states[task * STATE_WORDS + PC] as number;
    this.#checksum = this.#states[task * STATE_WORDS + CHECKSUM] as number;
  }

  /** The task suspends: whoever polls it next finds where it stands. Before anybody else can poll it. */
  leave(): void {
    this.#states[this.#task * STATE_WORDS + PC] = this.#pc;
    this.#states[this.#task * STATE_WORDS + CHECKSUM] = this.#checksum;
  }

  /**
   * Takes the task past the op it stands at, whose result was `result` (0 for ops without one and at the start),
   * and answers the opcode of the effect to perform next, or FINISHED.
   */
  step(result: number): number {
    const row = this.#task * TASK_U32;
    const program = (this.#tasks[row + TASK_PROGRAM] as number) * PROGRAM_U32;
    const pc = this.#pc;
    const opIndex = (this.#programs[program + PROGRAM_FIRST_OP] as number) + pc;
    const seed = this.#tasks[row + TASK_SEED] as number;
    this.#checksum =
      pc === 0
        ? seed
        : fold(fold(this.#checksum, this.#opWords[(opIndex - 1) * OP_U32 + OP_CODE] as number), result);
    if (pc === (this.#programs[program + PROGRAM_OP_COUNT] as number)) return FINISHED;
    this.#pc = pc + 1;
    const op = opIndex * OP_U32;
    this.variant = this.#opWords[op + OP_VARIANT] as number;
    this.a = this.#opDoubles[opIndex * OP_F64 + OP_A] as number;
    this.b = this.#opDoubles[opIndex * OP_F64 + OP_B] as number;
    this.target = this.#opWords[op + OP_TARGET] as number;
    this.count = this.#opWords[op + OP_COUNT] as number;
    this.seed = opSeed(seed, pc);
    return this.#opWords[op + OP_CODE] as number;
  }

  /** The task's checksum: final once `step` has answered FINISHED. */
  get checksum(): number {
    return this.#checksum >>> 0;
  }
}

/** Fresh shared states for all tasks of `trace`. */
export function statesFor(trace: Trace): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * STATE_WORDS * Math.max(1, trace.taskCount)));
}
