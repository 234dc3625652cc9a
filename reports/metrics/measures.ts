/** Everything that is measured in one trial, in one place: what the metrics read their figures from. */
import type { TrialFacts } from "../../harness/trial/trial.ts";
import type { Records } from "../../runtimes/records.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import { allHeldOf } from "./all-held.ts";
import { canariesOf } from "./canaries.ts";
import { type Cause, measureCause, restsOf, type Surroundings } from "./cause.ts";
import { type Conservation, measureConservation } from "./conservation.ts";
import { type Episodes, measureEpisodes } from "./episodes.ts";
import { type EventLoopFigures, eventLoopOf } from "./event-loop.ts";
import { type ClassLatency, measureLatency } from "./latency.ts";
import { type Locals, measureLocals } from "./locals.ts";
import { type Resources, resourcesOf } from "./resources.ts";
import { measureSensors, type SensorFigures } from "./sensors.ts";
import { measureSessions, type Sessions } from "./sessions.ts";
import { measureStarvation, type Starvation } from "./starvation.ts";
import { measureThroughput, type Throughput } from "./throughput.ts";
import { measureTimers, type Timers } from "./timers.ts";
import { measureTokioMetrics, type TokioMetrics } from "./tokio-metrics.ts";
import { measureUtilization, type Utilization } from "./utilization.ts";
import { windowNsOf } from "./window.ts";

/** What one trial left behind, its identity proven. */
export interface Evidence extends Surroundings {
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
  readonly timers: Timers;
  readonly locals: Locals;
  readonly episodes: Episodes;
  readonly cause: Cause;
  readonly conservation: Conservation;
  readonly utilization: Utilization;
  readonly sessions: Sessions;
  readonly eventLoop: EventLoopFigures;
  readonly tokioMetrics: TokioMetrics;
  readonly resources: Resources;
  readonly sensors: SensorFigures;
}

export function measure(evidence: Evidence): Measures {
  const { trace, records, facts } = evidence;
  const windowNs = windowNsOf(trace, records);
  const { classes, measured } = measureLatency(trace, records);
  const canaries = canariesOf(records, windowNs);
  const allHeld = allHeldOf({ trace, records, canaries, windowNs });
  const episodes = measureEpisodes(records, canaries, { windowNs, periodNs: trace.canaryPeriodNs });
  const rests = restsOf(records, canaries, evidence);
  return {
    windowNs,
    throughput: measureThroughput(trace, records),
    classes,
    measured,
    starvation: measureStarvation(trace, records, { allHeld, canaries, episodes, windowNs }),
    timers: measureTimers(trace, records, windowNs),
    locals: measureLocals(records, windowNs),
    episodes,
    cause: measureCause(canaries, rests, evidence),
    conservation: measureConservation(trace, records, rests),
    utilization: measureUtilization(allHeld.held, windowNs),
    sessions: measureSessions(trace, records, windowNs),
    eventLoop: eventLoopOf(records),
    tokioMetrics: measureTokioMetrics(records),
    resources: resourcesOf(facts, records),
    sensors: measureSensors({ trace, records, facts, canaries }),
  };
}
