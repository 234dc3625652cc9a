/**
 * What the separation of `step` from its driver costs: against the same transition fused by hand into the
 * driver. Goal: at most 1.3 times. Beside it, for scale, a loop that knows the program beforehand.
 *
 * All run the same trace of short CPU ops, interleaved; ratios are taken round by round.
 */
import { build } from "./build.ts";
import { burn, fold } from "./kernel.ts";
import { CPU, FINISHED } from "./op.ts";
import { Stepper, statesFor } from "./step.ts";
import {
  OP_A,
  OP_CODE,
  OP_F64,
  OP_U32,
  opSeed,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_PROGRAM,
  TASK_SEED,
  TASK_U32,
  type Trace,
} from "./trace.ts";

const ROUNDS = 21;
const OPS_PER_TASK = 8;
const TASKS = 50_000;

const trace = build(
  {
    classes: [{ name: "a" }],
    measured: "a",
    windowNs: 0,
    connectionCount: 0,
    streams: [
      {
        release: { loop: "open", arrivals: { kind: "at-once", count: TASKS } },
        variants: [
          {
            share: 1,
            class: "a",
            ops: Array.from({ length: OPS_PER_TASK }, () => ({ op: "cpu", units: 4 })),
          },
        ],
      },
    ],
  },
  1,
  { periodNs: 0 },
);

/** The general way: any program, one op at a time. */
function stepped({ taskCount }: Trace, states: Int32Array): number {
  const stepper = new Stepper(trace, states);
  let sum = 0;
  for (let task = 0; task < taskCount; task++) {
    let result = 0;
    stepper.begin(task);
    for (let op = stepper.step(0); op !== FINISHED; op = stepper.step(result)) {
      if (op === CPU) result = burn(stepper.seed, stepper.a);
    }
    sum = (sum + stepper.checksum) >>> 0;
  }
  return sum;
}

/** The same transition by hand, without a call and without fields in between; any program, state in shared rows. */
function fused({ taskCount, taskU32, programU32, opU32, opF64 }: Trace, states: Int32Array): number {
  let sum = 0;
  for (let task = 0; task < taskCount; task++) {
    const seed = taskU32[task * TASK_U32 + TASK_SEED] as number;
    const program = (taskU32[task * TASK_U32 + TASK_PROGRAM] as number) * PROGRAM_U32;
    let result = 0;
    for (;;) {
      const pc = states[task * 2] as number;
      const op = (programU32[program + PROGRAM_FIRST_OP] as number) + pc;
      const before = states[task * 2 + 1] as number;
      states[task * 2 + 1] =
        pc === 0 ? seed : fold(fold(before, opU32[(op - 1) * OP_U32 + OP_CODE] as number), result);
      if (pc === (programU32[program + PROGRAM_OP_COUNT] as number)) break;
      states[task * 2] = pc + 1;
      if (opU32[op * OP_U32 + OP_CODE] === CPU)
        result = burn(opSeed(seed, pc), opF64[op * OP_F64 + OP_A] as number);
    }
    sum = (sum + (states[task * 2 + 1] as number)) >>> 0;
  }
  return sum >>> 0;
}

/** What an engine could make of it at best: the program known beforehand, state in locals. */
function specialised({ taskCount, taskU32, opF64 }: Trace, states: Int32Array): number {
  let sum = 0;
  for (let task = 0; task < taskCount; task++) {
    const seed = taskU32[task * TASK_U32 + TASK_SEED] as number;
    let checksum = seed;
    for (let op = 0; op < OPS_PER_TASK; op++) {
      checksum = fold(fold(checksum, CPU), burn(opSeed(seed, op), opF64[op * OP_F64 + OP_A] as number));
    }
    states[task * 2] = OPS_PER_TASK;
    states[task * 2 + 1] = checksum;
    sum = (sum + checksum) >>> 0;
  }
  return sum;
}

function nsPerOp(run: typeof stepped): { ns: number; sum: number } {
  const states = statesFor(trace);
  const startNs = process.hrtime.bigint();
  const sum = run(trace, states);
  return { ns: Number(process.hrtime.bigint() - startNs) / (TASKS * OPS_PER_TASK), sum };
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;

const rounds: { stepped: number; fused: number; specialised: number }[] = [];
for (let round = -3; round < ROUNDS; round++) {
  const [one, two, three] = [nsPerOp(stepped), nsPerOp(fused), nsPerOp(specialised)];
  if (one.sum !== two.sum || two.sum !== three.sum) throw new Error("they do not compute the same");
  if (round >= 0) rounds.push({ stepped: one.ns, fused: two.ns, specialised: three.ns });
}
const of = (figure: (round: (typeof rounds)[number]) => number): string =>
  median(rounds.map(figure)).toFixed(2);
console.log(
  `step: ${of((round) => round.stepped)} ns an op of 4 units; fused by hand ${of((round) => round.fused)} ns; ratio ${of((round) => round.stepped / round.fused)} (goal ≤ 1.3); ` +
    `program known beforehand ${of((round) => round.specialised)} ns; n = ${ROUNDS} rounds of ${TASKS * OPS_PER_TASK} ops`,
);
