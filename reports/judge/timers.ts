/** The timer canaries: each timer asked for when the trace says, fired no earlier, none missing. */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { type Trace, timerDueNs, timerPeriodNs } from "../../workloads/trace/trace.ts";
import { TIMER_DOUBLES, TIMER_DUE, TIMER_HALVES, TIMER_RUN, TIMER_STATE, timerCountOf } from "../rows.ts";
import { Offences } from "./offences.ts";
import { OTHER_CLOCK_NS, SLEEP_SHORTFALL_NS } from "./tolerance.ts";

export function brokenTimers(
  trace: Trace,
  records: Records,
  end: { readonly windowNs: number; readonly cutOff: boolean },
): string[] {
  const offences = new Offences();
  const count = timerCountOf(records);
  const wanted = wantedCount(trace, end.windowNs);
  if (trace.windowNs > 0 && !end.cutOff ? count !== wanted : count < wanted) {
    offences.add(
      "count",
      () => `${count} timer canaries are told of and the trace has ${wanted} until its end`,
    );
  }
  for (let timer = 0; timer < count; timer++) {
    const dueNs = records.timerF64[timer * TIMER_DOUBLES + TIMER_DUE] as number;
    const runNs = records.timerF64[timer * TIMER_DOUBLES + TIMER_RUN] as number;
    const state = records.timerU16[timer * TIMER_HALVES + TIMER_STATE] as number;
    if (state !== taskStates.done) {
      if (!end.cutOff)
        offences.add("lost", () => `timer canary ${timer} never ran, and the trial was not cut off`);
    } else if (dueNs !== timerDueNs(trace, timer)) {
      offences.add(
        "due",
        () =>
          `timer canary ${timer} says it was due at ${dueNs} ns and the trace ${timerDueNs(trace, timer)} ns`,
      );
    } else if (!(runNs >= dueNs - SLEEP_SHORTFALL_NS && runNs < Number.POSITIVE_INFINITY)) {
      offences.add("early", () => `timer canary ${timer} ran at ${runNs} ns and was due at ${dueNs} ns`);
    }
  }
  return offences.sentences();
}

/** One a full period of the window; of a counted load, those due until its last task ended, by the witness's clock. */
function wantedCount(trace: Trace, windowNs: number): number {
  const periodNs = timerPeriodNs(trace);
  if (periodNs === 0) return 0;
  if (trace.windowNs > 0) return Math.floor(windowNs / periodNs);
  const untilNs = Math.max(0, windowNs - OTHER_CLOCK_NS);
  const full = Math.floor(untilNs / periodNs);
  return full + (timerDueNs(trace, full) <= untilNs ? 1 : 0);
}
