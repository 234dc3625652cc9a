/** The workers' counters against the rows, and the ops performed against what the trace implies. */
import { opsPerformed, sumLanes } from "../../runtimes/lane-sums.ts";
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { opNames, ops } from "../../workloads/trace/op.ts";
import { POLL_COUNT, STARTS, STATE, SUBMITTED, TASK_BYTES, TASK_DOUBLES, TASK_WORDS } from "../rows.ts";
import type { ImpliedOps } from "./nominal.ts";

/** Counters that must agree with the rows once the runtime has returned: then both stand still. */
export function brokenLanes(records: Records): string[] {
  const rows = countRows(records);
  const broken: string[] = [];
  const compare = (what: string, counted: number, low: number, high: number): void => {
    if (counted >= low && counted <= high) return;
    broken.push(`the workers count ${counted} tasks ${what} and the rows say ${low}`);
  };
  compare("done", sumLanes(records, "done"), rows.done, rows.done);
  compare("failed", sumLanes(records, "failed"), rows.failed, rows.failed);
  compare("cancelled", sumLanes(records, "cancelled"), rows.cancelled, rows.cancelled);
  compare(
    "submitted",
    sumLanes(records, "submitted"),
    rows.submitted,
    rows.submitted + rows.perhapsSubmitted,
  );
  compare("started", sumLanes(records, "started"), rows.starts, rows.starts);
  const polls = sumLanes(records, "polls");
  if (polls !== rows.polls) broken.push(`the workers count ${polls} polls and the rows say ${rows.polls}`);
  return broken;
}

function countRows(records: Records): {
  done: number;
  failed: number;
  cancelled: number;
  submitted: number;
  perhapsSubmitted: number;
  starts: number;
  polls: number;
} {
  const rows = { done: 0, failed: 0, cancelled: 0, submitted: 0, perhapsSubmitted: 0, starts: 0, polls: 0 };
  for (let task = 0; task < records.shape.taskCount; task++) {
    const state = records.taskU8[task * TASK_BYTES + STATE] as number;
    const starts = records.taskU8[task * TASK_BYTES + STARTS] as number;
    if (state === taskStates.done) rows.done++;
    else if (state === taskStates.failed) rows.failed++;
    else if (state === taskStates.cancelled) rows.cancelled++;
    rows.starts += starts;
    rows.polls += records.taskU32[task * TASK_WORDS + POLL_COUNT] as number;
    const isStamped = (records.taskF64[task * TASK_DOUBLES + SUBMITTED] as number) > 0;
    if (starts > 0 || isStamped || (state !== taskStates.unserved && state !== taskStates.none))
      rows.submitted++;
    // Handed over at the very epoch and never started: the row of an unserved task cannot tell.
    else if (state === taskStates.unserved) rows.perhapsSubmitted++;
  }
  return rows;
}

/**
 * Op counts lie between what the done tasks and what all tasks imply: the two agree when all are done.
 * `isStill`: the runtime has returned; before that only the upper bound holds.
 */
export function brokenOps(
  records: Records,
  implied: { readonly done: ImpliedOps; readonly planned: ImpliedOps },
  isStill: boolean,
): string[] {
  const performed = opsPerformed(records);
  return opNames.flatMap((name) => {
    const { code, shortfallNs } = ops[name];
    const count = performed.count[code] as number;
    const low = isStill ? (implied.done.count[code] as number) : 0;
    const high = implied.planned.count[code] as number;
    const broken: string[] = [];
    if (!(count >= low && count <= high)) {
      broken.push(`${count} ${name} ops were performed and the tasks that are done imply ${low}`);
    }
    const shortestNs = performed.shortestNs[code] as number;
    if (shortfallNs !== null && !(shortestNs >= -shortfallNs)) {
      broken.push(
        `a ${name} was ${-shortestNs} ns shorter than its nominal length; ${shortfallNs} ns are allowed`,
      );
    }
    return broken;
  });
}
