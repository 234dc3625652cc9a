/** The canary rows: one in every period, due when the trace says, none missing, each with its local one. */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { canaryDueNs, type Trace } from "../../workloads/trace/trace.ts";
import {
  CANARY_DOUBLES,
  CANARY_DUE,
  CANARY_HALVES,
  CANARY_LOCAL_RUN,
  CANARY_LOCAL_STATE,
  CANARY_RUN,
  CANARY_STATE,
  CANARY_SUBMITTED,
  canaryCountOf,
} from "../rows.ts";
import { Offences } from "./offences.ts";
import { SAME_CLOCK_NS } from "./tolerance.ts";

/** A releaser that is stopped at the cut-off of a counted load may not have come to its last canaries. */
const STOPPED_RELEASER_NS = 100e6;

export function brokenCanaries(
  trace: Trace,
  records: Records,
  end: { readonly windowNs: number; readonly cutOff: boolean },
): string[] {
  const offences = new Offences();
  const count = canaryCountOf(records);
  const wanted = wantedCount(trace, end);
  const isWhole = trace.windowNs > 0 ? count === wanted : count >= wanted;
  if (!isWhole) {
    offences.add("count", () => `${count} canaries were released and the trace has ${wanted} until its end`);
  }
  for (let canary = 0; canary < count; canary++) {
    const row = canary * CANARY_DOUBLES;
    const dueNs = records.canaryF64[row + CANARY_DUE] as number;
    const submittedNs = records.canaryF64[row + CANARY_SUBMITTED] as number;
    const runNs = records.canaryF64[row + CANARY_RUN] as number;
    const state = records.canaryU16[canary * CANARY_HALVES + CANARY_STATE] as number;
    if (state !== taskStates.submitted && state !== taskStates.done) {
      offences.add("missing", () => `canary ${canary} has no row`);
    } else if (dueNs !== canaryDueNs(trace, canary)) {
      offences.add(
        "due",
        () =>
          `canary ${canary} says it was due at ${dueNs} ns and the trace ${canaryDueNs(trace, canary)} ns`,
      );
    } else if (!(submittedNs >= dueNs - SAME_CLOCK_NS)) {
      offences.add(
        "early",
        () => `canary ${canary} was submitted at ${submittedNs} ns and due at ${dueNs} ns`,
      );
    } else if (state === taskStates.done && !(runNs >= submittedNs && runNs < Number.POSITIVE_INFINITY)) {
      offences.add("ran", () => `canary ${canary} ran at ${runNs} ns and was submitted at ${submittedNs} ns`);
    } else if (state === taskStates.submitted && !end.cutOff) {
      offences.add("lost", () => `canary ${canary} never ran, and the trial was not cut off`);
    } else {
      checkLocal(
        records,
        canary,
        { runNs: state === taskStates.done ? runNs : null, cutOff: end.cutOff },
        offences,
      );
    }
  }
  return offences.sentences();
}

/** The local canary of one that ran at `runNs`, null: that did not run. */
function checkLocal(
  records: Records,
  canary: number,
  { runNs, cutOff }: { readonly runNs: number | null; readonly cutOff: boolean },
  offences: Offences,
): void {
  const localNs = records.canaryF64[canary * CANARY_DOUBLES + CANARY_LOCAL_RUN] as number;
  const state = records.canaryU16[canary * CANARY_HALVES + CANARY_LOCAL_STATE] as number;
  if (runNs === null) {
    if (state !== taskStates.none)
      offences.add("local", () => `canary ${canary} did not run, and its local one did`);
  } else if (state === taskStates.done) {
    if (localNs >= runNs && localNs < Number.POSITIVE_INFINITY) return;
    offences.add(
      "local",
      () => `the local canary of ${canary} ran at ${localNs} ns and was spawned at ${runNs} ns`,
    );
  } else if (state !== taskStates.submitted || !cutOff) {
    offences.add(
      "local lost",
      () => `the local canary of ${canary} never ran, and the trial was not cut off`,
    );
  }
}

/** Canaries that must stand in the records: one a full period of the window, or those due by the end. */
function wantedCount(trace: Trace, end: { readonly windowNs: number; readonly cutOff: boolean }): number {
  const { canaryPeriodNs } = trace;
  if (canaryPeriodNs === 0) return 0;
  if (trace.windowNs > 0) return Math.floor(trace.windowNs / canaryPeriodNs);
  const endNs = end.cutOff ? end.windowNs - STOPPED_RELEASER_NS : end.windowNs;
  const full = Math.max(0, Math.floor(endNs / canaryPeriodNs));
  return full + (canaryDueNs(trace, full) <= endNs ? 1 : 0);
}
