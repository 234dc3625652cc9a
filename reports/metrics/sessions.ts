/** Whether sessions were served alike. */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { NONE, TASK_DUE, TASK_F64, TASK_SESSION, TASK_U32, type Trace } from "../../workloads/trace/trace.ts";
import { median } from "../interval.ts";
import { FINISH, STATE, TASK_BYTES, TASK_DOUBLES } from "../rows.ts";
import type { Metric } from "./metric.ts";

export interface Sessions {
  readonly jain: number | null;
  readonly worstSessionShare: number | null;
}

export function measureSessions(trace: Trace, records: Records, windowNs: number): Sessions {
  const served = servedBySession(trace, records, windowNs);
  const middle = served.length < 2 ? 0 : median(served);
  return {
    jain: jainIndex(served),
    worstSessionShare: middle === 0 ? null : served.reduce((least, x) => Math.min(least, x)) / middle,
  };
}

/** Tasks finished within the window, of every session that has a task due by then. */
function servedBySession(trace: Trace, records: Records, windowNs: number): number[] {
  if (trace.sessionCount === 0) return [];
  const served = new Float64Array(trace.sessionCount);
  const isWaiting = new Uint8Array(trace.sessionCount);
  for (let task = 0; task < trace.taskCount; task++) {
    const session = trace.taskU32[task * TASK_U32 + TASK_SESSION] as number;
    if (session === NONE || (trace.taskF64[task * TASK_F64 + TASK_DUE] as number) > windowNs) continue;
    isWaiting[session] = 1;
    if (records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) continue;
    if ((records.taskF64[task * TASK_DOUBLES + FINISH] as number) > windowNs) continue;
    served[session] = (served[session] as number) + 1;
  }
  return Array.from(served).filter((_, session) => isWaiting[session] === 1);
}

/**
 * Jain's index of fairness (Σx)²/(m·Σx²): 1 where all have the same, 1/m where one has all (Jain, Chiu and Hawe,
 * "A Quantitative Measure of Fairness", DEC TR-301, 1984). null: fewer than two, or nobody has anything.
 */
export function jainIndex(shares: readonly number[]): number | null {
  let sum = 0;
  let squares = 0;
  for (const share of shares) {
    sum += share;
    squares += share * share;
  }
  return shares.length < 2 || squares === 0 ? null : (sum * sum) / (shares.length * squares);
}

const SOURCE = "Task records; null with fewer than two sessions, or where none was served.";

export const sessionMetrics: readonly Metric<{ readonly sessions: Sessions }>[] = [
  {
    name: "jain",
    section: "starvation",
    unit: "share",
    better: "higher",
    definition:
      "Jain's index of fairness (Σx)²/(m·Σx²) over the m sessions that have a task due within the window, where x is the number of a session's tasks finished within it.",
    source: `Jain, Chiu and Hawe, DEC TR-301, 1984. ${SOURCE}`,
    of: ({ sessions }) => sessions.jain,
  },
  {
    name: "worstSessionShare",
    section: "starvation",
    unit: "share",
    better: "higher",
    definition:
      "Tasks finished within the window of the session served least, as a share of the median session's.",
    source: SOURCE,
    of: ({ sessions }) => sessions.worstSessionShare,
  },
];
