/** What a trace implies about its tasks: nominal lengths and counts of ops, program by program. */
import { BLOCK, CPU, ECHO, OP_CODE_LIMIT, SLEEP } from "../../workloads/trace/op.ts";
import {
  OP_A,
  OP_CODE,
  OP_F64,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";

/** By program. */
export interface Nominal {
  readonly cpuUnits: Float64Array;
  readonly blockCount: Uint32Array;
  readonly blockNs: Float64Array;
  readonly sleepCount: Uint32Array;
  readonly sleepNs: Float64Array;
}

export function nominalOf(trace: Trace): Nominal {
  const nominal: Nominal = {
    cpuUnits: new Float64Array(trace.programCount),
    blockCount: new Uint32Array(trace.programCount),
    blockNs: new Float64Array(trace.programCount),
    sleepCount: new Uint32Array(trace.programCount),
    sleepNs: new Float64Array(trace.programCount),
  };
  for (let program = 0; program < trace.programCount; program++) {
    const first = trace.programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    const count = trace.programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] as number;
    for (let op = first; op < first + count; op++) {
      const code = trace.opU32[op * OP_U32 + OP_CODE] as number;
      const amount = trace.opF64[op * OP_F64 + OP_A] as number;
      if (code === BLOCK) {
        nominal.blockCount[program] = (nominal.blockCount[program] as number) + 1;
        nominal.blockNs[program] = (nominal.blockNs[program] as number) + amount;
      } else if (code === SLEEP) {
        nominal.sleepCount[program] = (nominal.sleepCount[program] as number) + 1;
        nominal.sleepNs[program] = (nominal.sleepNs[program] as number) + amount;
      } else if (code === CPU) {
        nominal.cpuUnits[program] = (nominal.cpuUnits[program] as number) + amount;
      }
    }
  }
  return nominal;
}

/** What so many tasks of each program perform. */
export interface ImpliedOps {
  /** By opcode. */
  readonly count: Float64Array;
  readonly cpuUnits: number;
  /** Payload of all echoes, one way. */
  readonly echoBytes: number;
}

export function impliedOps(trace: Trace, tasksByProgram: Float64Array): ImpliedOps {
  const count = new Float64Array(OP_CODE_LIMIT);
  let cpuUnits = 0;
  let echoBytes = 0;
  for (let program = 0; program < trace.programCount; program++) {
    const tasks = tasksByProgram[program] as number;
    const first = trace.programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    const ops = trace.programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] as number;
    for (let op = first; op < first + ops; op++) {
      const code = trace.opU32[op * OP_U32 + OP_CODE] as number;
      count[code] = (count[code] as number) + tasks;
      const amount = trace.opF64[op * OP_F64 + OP_A] as number;
      if (code === ECHO) echoBytes += tasks * amount;
      if (code === CPU) cpuUnits += tasks * amount;
    }
  }
  return { count, cpuUnits, echoBytes };
}
