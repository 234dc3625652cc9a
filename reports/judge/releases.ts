/**
 * The releaser is ours and hands over what is due in the order of due times, canaries among the tasks: so do the
 * stamps of handing over ascend. A runtime that shifts its own lateness to the load breaks that.
 */
import type { Records } from "../../runtimes/records.ts";
import { canaryDueNs, TASK_DUE, TASK_F64, type Trace } from "../../workloads/trace/trace.ts";
import {
  CANARY_DOUBLES,
  CANARY_SUBMITTED,
  canaryCountOf,
  STARTS,
  SUBMITTED,
  TASK_BYTES,
  TASK_DOUBLES,
} from "../rows.ts";
import { Offences } from "./offences.ts";
import { SAME_CLOCK_NS } from "./tolerance.ts";

export function brokenReleases(trace: Trace, records: Records): string[] {
  const offences = new Offences();
  const canaryCount = canaryCountOf(records);
  let canary = 0;
  let lastNs = 0;
  const check = (what: string, id: number, atNs: number): void => {
    if (atNs < lastNs - SAME_CLOCK_NS) {
      const beforeNs = lastNs;
      offences.add(
        "order",
        () => `${what} ${id} was handed over at ${atNs} ns, and what was due before it at ${beforeNs} ns`,
      );
    }
    if (atNs > lastNs) lastNs = atNs;
  };
  for (let root = 0; root <= trace.rootCount; root++) {
    const isLast = root === trace.rootCount;
    const dueNs = isLast ? Number.POSITIVE_INFINITY : (trace.taskF64[root * TASK_F64 + TASK_DUE] as number);
    for (; canary < canaryCount && canaryDueNs(trace, canary) < dueNs; canary++) {
      check("canary", canary, records.canaryF64[canary * CANARY_DOUBLES + CANARY_SUBMITTED] as number);
    }
    if (isLast) break;
    const submittedNs = records.taskF64[root * TASK_DOUBLES + SUBMITTED] as number;
    // One that was never handed over has no stamp.
    if (submittedNs > 0 || (records.taskU8[root * TASK_BYTES + STARTS] as number) > 0) {
      check("task", root, submittedNs);
    }
  }
  return offences.sentences();
}
