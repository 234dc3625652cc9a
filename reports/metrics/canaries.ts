/** The canaries of a trial as columns: when each was due, was handed over and ran, and which never ran. */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import {
  CANARY_DOUBLES,
  CANARY_DUE,
  CANARY_HALVES,
  CANARY_RUN,
  CANARY_STATE,
  CANARY_SUBMITTED,
  CANARY_WORKER,
  canaryCountOf,
  endNsOf,
} from "../rows.ts";

/** The canaries due within the window, in the order in which they are due. */
export interface Canaries {
  readonly dueNs: Float64Array;
  /** When each was handed to the runtime: never before it was due, never after it ran. */
  readonly submittedNs: Float64Array;
  /** When each ran; the end of the trial for one that did not. */
  readonly runNs: Float64Array;
  readonly isCensored: Uint8Array;
  /** Who ran it; of no meaning for one that did not run. */
  readonly worker: Uint16Array;
}

export function canariesOf(records: Records, windowNs: number): Canaries {
  const rowCount = canaryCountOf(records);
  const rows = records.canaryF64;
  let count = 0;
  while (count < rowCount && (rows[count * CANARY_DOUBLES + CANARY_DUE] as number) <= windowNs) count++;
  const dueNs = new Float64Array(count);
  const submittedNs = new Float64Array(count);
  const runNs = new Float64Array(count);
  const isCensored = new Uint8Array(count);
  const worker = new Uint16Array(count);
  for (let canary = 0; canary < count; canary++) {
    const row = canary * CANARY_DOUBLES;
    const ran = records.canaryU16[canary * CANARY_HALVES + CANARY_STATE] === taskStates.done;
    const due = rows[row + CANARY_DUE] as number;
    const run = ran ? (rows[row + CANARY_RUN] as number) : endNsOf(records);
    dueNs[canary] = due;
    submittedNs[canary] = Math.min(Math.max(rows[row + CANARY_SUBMITTED] as number, due), Math.max(run, due));
    runNs[canary] = run;
    isCensored[canary] = ran ? 0 : 1;
    worker[canary] = records.canaryU16[canary * CANARY_HALVES + CANARY_WORKER] as number;
  }
  return { dueNs, submittedNs, runNs, isCensored, worker };
}
