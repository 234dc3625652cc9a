/**
 * The control of a trace: the same work without blocking. Every block is a sleep of the same nominal length, which
 * gives its worker back; no other byte of the trace differs.
 */
import { strict as assert } from "node:assert";
import { BLOCK, SLEEP } from "./op.ts";
import { decodeTrace, OP_CODE, OP_U32, OP_VARIANT, type Trace } from "./trace.ts";

/** The control has bytes, and so a name, of its own. `trace` stays as it is. */
export function controlTraceOf(trace: Trace): Trace {
  const decoded = decodeTrace(new Uint8Array(trace.bytes));
  assert("trace" in decoded, "damage" in decoded ? decoded.damage : "");
  const { opU32, opCount } = decoded.trace;
  for (let op = 0; op < opCount; op++) {
    if (opU32[op * OP_U32 + OP_CODE] !== BLOCK) continue;
    opU32[op * OP_U32 + OP_CODE] = SLEEP;
    opU32[op * OP_U32 + OP_VARIANT] = 0;
  }
  return decoded.trace;
}
