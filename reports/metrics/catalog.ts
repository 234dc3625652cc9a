/** Every metric, in the order in which documents and columns show them. */
import { causeMetrics } from "./cause.ts";
import { conservationMetrics } from "./conservation.ts";
import { episodeMetrics } from "./episodes.ts";
import { eventLoopMetrics } from "./event-loop.ts";
import { latencyMetrics } from "./latency.ts";
import { localMetrics } from "./locals.ts";
import type { Measures } from "./measures.ts";
import type { Metric } from "./metric.ts";
import { resourceMetrics } from "./resources.ts";
import { sensorMetrics } from "./sensors.ts";
import { sessionMetrics } from "./sessions.ts";
import { starvationMetrics } from "./starvation.ts";
import { throughputMetrics } from "./throughput.ts";
import { timerMetrics } from "./timers.ts";
import { tokioMetrics } from "./tokio-metrics.ts";
import { utilizationMetrics } from "./utilization.ts";

export const metrics: readonly Metric<Measures>[] = [
  ...throughputMetrics,
  ...latencyMetrics,
  ...starvationMetrics,
  ...timerMetrics,
  ...localMetrics,
  ...episodeMetrics,
  ...causeMetrics,
  ...conservationMetrics,
  ...utilizationMetrics,
  ...sessionMetrics,
  ...eventLoopMetrics,
  ...tokioMetrics,
  ...resourceMetrics,
  ...sensorMetrics,
];
