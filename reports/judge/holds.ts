/** The hold rows: one for every block, long enough, and never two at once on one worker. */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { BLOCK } from "../../workloads/trace/op.ts";
import { TASK_PROGRAM, TASK_U32, type Trace } from "../../workloads/trace/trace.ts";
import {
  FINISH,
  FIRST_POLL,
  HOLD_DOUBLES,
  HOLD_END,
  HOLD_HALVES,
  HOLD_OP,
  HOLD_START,
  HOLD_TASK,
  HOLD_WORDS,
  HOLD_WORKER,
  holdCountOf,
  STATE,
  TASK_BYTES,
  TASK_DOUBLES,
} from "../rows.ts";
import type { Nominal } from "./nominal.ts";
import { Offences } from "./offences.ts";
import { BLOCK_SHORTFALL_NS, OTHER_CLOCK_NS, SAME_CLOCK_NS } from "./tolerance.ts";

export function brokenHolds(trace: Trace, records: Records, nominal: Nominal): string[] {
  const offences = new Offences();
  const rowCount = holdCountOf(records);
  const workerCount = records.shape.laneCount - 1;
  const blockCount = new Uint32Array(trace.taskCount);
  const blockNs = new Float64Array(trace.taskCount);
  for (let row = 0; row < rowCount; row++) {
    const task = records.holdU32[row * HOLD_WORDS + HOLD_TASK] as number;
    const worker = records.holdU16[row * HOLD_HALVES + HOLD_WORKER] as number;
    const startNs = records.holdF64[row * HOLD_DOUBLES + HOLD_START] as number;
    const endNs = records.holdF64[row * HOLD_DOUBLES + HOLD_END] as number;
    if (!(task < trace.taskCount && worker < workerCount && endNs >= startNs)) {
      offences.add(
        "row",
        () => `hold ${row} says that task ${task} held worker ${worker} from ${startNs} to ${endNs} ns`,
      );
      continue;
    }
    if (!isWithinTask(records, { task, startNs, endNs })) {
      offences.add(
        "outside",
        () =>
          `a hold from ${startNs} to ${endNs} ns is of task ${task}, which was not under way all that time`,
      );
    }
    if (records.holdU16[row * HOLD_HALVES + HOLD_OP] !== BLOCK) continue;
    blockCount[task] = (blockCount[task] as number) + 1;
    blockNs[task] = (blockNs[task] as number) + endNs - startNs;
  }
  for (let task = 0; task < trace.taskCount; task++) {
    if (records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) continue;
    const program = trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number;
    const count = nominal.blockCount[program] as number;
    const nominalNs = nominal.blockNs[program] as number;
    const rows = blockCount[task] as number;
    if (rows !== count) {
      offences.add("blocks", () => `task ${task} has ${rows} hold rows for its ${count} blocks`);
    } else if (!((blockNs[task] as number) >= nominalNs - count * BLOCK_SHORTFALL_NS)) {
      offences.add(
        "short",
        () => `the holds of task ${task} last ${blockNs[task]} ns and its blocks take ${nominalNs} ns`,
      );
    }
  }
  return [...offences.sentences(), ...overlaps(records)];
}

/** A task holds a worker between its first poll and its finish; they may be stamped by another worker. */
function isWithinTask(
  records: Records,
  { task, startNs, endNs }: { readonly task: number; readonly startNs: number; readonly endNs: number },
): boolean {
  if (records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) return true;
  const firstPollNs = records.taskF64[task * TASK_DOUBLES + FIRST_POLL] as number;
  const finishNs = records.taskF64[task * TASK_DOUBLES + FINISH] as number;
  return startNs >= firstPollNs - OTHER_CLOCK_NS && endNs <= finishNs + OTHER_CLOCK_NS;
}

/** A worker's holds, both columns ascending. */
export interface WorkerHolds {
  readonly startsNs: Float64Array;
  readonly endsNs: Float64Array;
}

/** Workers that two holds keep at the same time. */
function overlaps(records: Records): string[] {
  return holdsByWorker(records).flatMap(({ startsNs, endsNs }, worker) => {
    const at = startsNs.findIndex(
      (startNs, index) => index > 0 && startNs < (endsNs[index - 1] as number) - SAME_CLOCK_NS,
    );
    return at === -1 ? [] : [`worker ${worker} is held twice at once at ${startsNs[at]} ns`];
  });
}

/** The holds of each worker; those of a worker that does not exist are left out. */
export function holdsByWorker(records: Records): WorkerHolds[] {
  const rowCount = holdCountOf(records);
  const workerCount = records.shape.laneCount - 1;
  const rowsOf = new Uint32Array(workerCount);
  const workerOf = (row: number): number => records.holdU16[row * HOLD_HALVES + HOLD_WORKER] as number;
  for (let row = 0; row < rowCount; row++) {
    const worker = workerOf(row);
    if (worker < workerCount) rowsOf[worker] = (rowsOf[worker] as number) + 1;
  }
  const starts = Array.from(rowsOf, (rows) => new Float64Array(rows));
  const ends = Array.from(rowsOf, (rows) => new Float64Array(rows));
  rowsOf.fill(0);
  for (let row = 0; row < rowCount; row++) {
    const worker = workerOf(row);
    if (worker >= workerCount) continue;
    const at = rowsOf[worker] as number;
    (starts[worker] as Float64Array)[at] = records.holdF64[row * HOLD_DOUBLES + HOLD_START] as number;
    (ends[worker] as Float64Array)[at] = records.holdF64[row * HOLD_DOUBLES + HOLD_END] as number;
    rowsOf[worker] = at + 1;
  }
  return starts.map((startsNs, worker) => ({
    startsNs: startsNs.sort(),
    endsNs: (ends[worker] as Float64Array).sort(),
  }));
}
