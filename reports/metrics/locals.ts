/**
 * How long it takes what a running task spawns: the local canaries. Each was spawned by an injected one when that
 * ran, so it takes the way of a runtime's own tasks: its worker's queue or its LIFO slot.
 */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import {
  CANARY_DOUBLES,
  CANARY_DUE,
  CANARY_HALVES,
  CANARY_LOCAL_RUN,
  CANARY_LOCAL_STATE,
  CANARY_RUN,
  canaryCountOf,
  endNsOf,
} from "../rows.ts";
import type { Metric } from "./metric.ts";
import { type Summary, summarize, summaryMetrics } from "./summary.ts";

export interface Locals {
  readonly localCanaryDelayNs: Summary;
  readonly localCensoredCount: number;
}

/** Those whose injected canary was due within the window. One that never ran counts up to the end of the trial. */
export function measureLocals(records: Records, windowNs: number): Locals {
  const delaysNs = new Float64Array(canaryCountOf(records));
  let count = 0;
  let censored = 0;
  for (let canary = 0; canary < delaysNs.length; canary++) {
    const row = canary * CANARY_DOUBLES;
    const state = records.canaryU16[canary * CANARY_HALVES + CANARY_LOCAL_STATE];
    const isSpawned = state === taskStates.submitted || state === taskStates.done;
    if (!isSpawned || (records.canaryF64[row + CANARY_DUE] as number) > windowNs) continue;
    const hasRun = state === taskStates.done;
    const runNs = hasRun ? (records.canaryF64[row + CANARY_LOCAL_RUN] as number) : endNsOf(records);
    delaysNs[count++] = runNs - (records.canaryF64[row + CANARY_RUN] as number);
    if (!hasRun) censored++;
  }
  return { localCanaryDelayNs: summarize(delaysNs.subarray(0, count)), localCensoredCount: censored };
}

const SOURCE = "Canary records.";

/** What of a trial's measures these figures are read from. */
interface Trial {
  readonly locals: Locals;
}

export const localMetrics: readonly Metric<Trial>[] = [
  ...summaryMetrics(
    {
      name: "localCanaryDelayNs",
      section: "starvation",
      definition:
        "run − spawned of the local canaries: how long a task that a running one spawns waits for its first poll.",
      source: SOURCE,
    },
    ({ locals }: Trial) => locals.localCanaryDelayNs,
  ),
  {
    name: "localCensoredCount",
    section: "starvation",
    unit: "count",
    better: "lower",
    definition: "Local canaries that never ran; their delay is taken up to the end of the trial.",
    source: SOURCE,
    of: ({ locals }) => locals.localCensoredCount,
  },
];
