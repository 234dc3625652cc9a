/** The reference results: every task's checksum by the plain reading of its program, without any runtime. */
import { burn } from "./kernel.ts";
import { CPU, ECHO, FINISHED } from "./op.ts";
import { fillPayload, PAYLOAD_LIMIT_BYTES, payloadResult } from "./payload.ts";
import { Stepper, statesFor } from "./step.ts";
import type { Trace } from "./trace.ts";

/** Checksums by task id. Does all the CPU work of the trace once, on this thread. */
export function referenceChecksums(trace: Trace): Uint32Array {
  const stepper = new Stepper(trace, statesFor(trace));
  const payload = new Uint8Array(PAYLOAD_LIMIT_BYTES);
  const checksums = new Uint32Array(trace.taskCount);
  for (let task = 0; task < trace.taskCount; task++) {
    let result = 0;
    stepper.begin(task);
    for (let op = stepper.step(0); op !== FINISHED; op = stepper.step(result)) {
      result = op === CPU ? burn(stepper.seed, stepper.a) : op === ECHO ? echoed(stepper, payload) : 0;
    }
    checksums[task] = stepper.checksum;
  }
  return checksums;
}

function echoed(stepper: Stepper, payload: Uint8Array): number {
  const sent = payload.subarray(0, stepper.a);
  fillPayload(sent, stepper.seed);
  return payloadResult(sent);
}
