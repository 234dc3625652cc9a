/**
 * The op table: every step a task can take, with its opcode, operands and result kind.
 *
 * This file and `runtimes/record.ts` are the only sources of codes and layouts: `npm run generate`
 * writes their Rust twin. A new op needs a row here, a case in `step.ts` and a case in `step.rs`.
 */

/**
 * How an op's result enters the proof that the work was done.
 * - `fixed`: the same on every runtime; folded into the task's checksum.
 * - `none`: the op yields no value; its count and its actual length are checked instead.
 */
export type ResultKind = "fixed" | "none";

export interface OpRow {
  /** Opcode in the trace. 0 is no op: `step` answers 0 when a task has no op left. */
  readonly code: number;
  /** A holding op keeps its worker until it is done; a suspending one gives the worker back. */
  readonly occupies: "holds" | "suspends" | "neither";
  readonly result: ResultKind;
  /** What the fields of the op's row mean, with units. A field not named is 0. */
  readonly operands: Partial<Record<"variant" | "a" | "b" | "target" | "count", string>>;
  /**
   * How much shorter than its nominal length an execution may be, in ns: clock granularity, not licence.
   * null where the op has no nominal length.
   */
  readonly shortfallNs: number | null;
}

export type OpName = "cpu" | "block" | "sleep" | "yield" | "echo" | "spawn" | "join";

/** All ops that work today. Codes never change their meaning. */
export const ops: Readonly<Record<OpName, OpRow>> = {
  cpu: {
    code: 1,
    occupies: "holds",
    result: "fixed",
    operands: { a: "units: iterations of the integer kernel" },
    shortfallNs: null,
  },
  block: {
    code: 2,
    occupies: "holds",
    result: "none",
    operands: { variant: "0 = sleep", a: "ns: how long the worker sleeps, as a blocking callback would" },
    shortfallNs: 50e3,
  },
  sleep: {
    code: 3,
    occupies: "suspends",
    result: "none",
    operands: { a: "ns: how long the task is suspended on the runtime's timer" },
    shortfallNs: 1e6,
  },
  yield: {
    code: 4,
    occupies: "suspends",
    result: "none",
    operands: {},
    shortfallNs: null,
  },
  echo: {
    code: 5,
    occupies: "suspends",
    result: "fixed",
    operands: {
      variant: "0 = TCP",
      a: "bytes of payload, each way",
      b: "ns: how long the peer keeps the request before it replies",
    },
    shortfallNs: null,
  },
  spawn: {
    code: 6,
    occupies: "neither",
    result: "none",
    operands: { target: "id of the first child task", count: "children, with consecutive ids" },
    shortfallNs: null,
  },
  join: {
    code: 7,
    occupies: "suspends",
    result: "none",
    operands: { target: "id of the first child task", count: "children, with consecutive ids" },
    shortfallNs: null,
  },
};

/** The opcodes as constants, for the switches of the interpreters. */
export const CPU: number = ops.cpu.code;
export const BLOCK: number = ops.block.code;
export const SLEEP: number = ops.sleep.code;
export const YIELD: number = ops.yield.code;
export const ECHO: number = ops.echo.code;
export const SPAWN: number = ops.spawn.code;
export const JOIN: number = ops.join.code;
/** What `step` answers when a task has no op left. */
export const FINISHED = 0;

export const opNames: readonly OpName[] = Object.keys(ops) as OpName[];

/** Opcodes are below this; arrays indexed by opcode have this length. */
export const OP_CODE_LIMIT = 16;

const namesByCode = new Map<number, OpName>(opNames.map((name) => [ops[name].code, name]));

/** The op with this code, or undefined: the bytes may come from a file. */
export function opNameOf(code: number): OpName | undefined {
  return namesByCode.get(code);
}
