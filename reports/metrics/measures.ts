/** Everything that is measured in one trial, in one place: what the metrics read their figures from. */
import type { TrialFacts } from "../../harness/trial/trial.ts";
import type { Records } from "../../runtimes/record.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import { type ClassLatency, measureLatency } from "./latency.ts";
import { type Resources, resourcesOf } from "./resources.ts";
import { measureStarvation, type Starvation } from "./starvation.ts";
import { measureThroughput, type Throughput } from "./throughput.ts";
import { windowNsOf } from "./window.ts";

/** What one trial left behind, its identity proven. */
export interface Evidence {
  readonly trace: Trace;
  readonly records: Records;
  readonly facts: TrialFacts;
}

export interface Measures {
  readonly windowNs: number;
  readonly throughput: Throughput;
  /** In the order of the trace's classes. */
  readonly classes: readonly ClassLatency[];
  /** The class whose percentiles are the trial's headline: one of `classes`. */
  readonly measured: ClassLatency;
  readonly starvation: Starvation;
  readonly resources: Resources;
}

export function measure(evidence: Evidence): Measures {
  const { trace, records, facts } = evidence;
  const windowNs = windowNsOf(trace, records);
  const { classes, measured } = measureLatency(trace, records);
  return {
    windowNs,
    throughput: measureThroughput(trace, records),
    classes,
    measured,
    starvation: measureStarvation(trace, records, windowNs),
    resources: resourcesOf(facts, records),
  };
}
