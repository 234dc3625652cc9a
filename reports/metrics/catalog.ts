/** Every metric, in the order in which documents and columns show them. */
import { causeMetrics } from "./cause.ts";
import { conservationMetrics } from "./conservation.ts";
import { episodeMetrics } from "./episodes.ts";
import { latencyMetrics } from "./latency.ts";
import type { Metric } from "./metric.ts";
import { resourceMetrics } from "./resources.ts";
import { sensorMetrics } from "./sensors.ts";
import { sessionMetrics } from "./sessions.ts";
import { starvationMetrics } from "./starvation.ts";
import { throughputMetrics } from "./throughput.ts";
import { tokioMetrics } from "./tokio-metrics.ts";
import { utilizationMetrics } from "./utilization.ts";

export const metrics: readonly Metric[] = [
  ...throughputMetrics,
  ...latencyMetrics,
  ...starvationMetrics,
  ...episodeMetrics,
  ...causeMetrics,
  ...conservationMetrics,
  ...utilizationMetrics,
  ...sessionMetrics,
  ...tokioMetrics,
  ...resourceMetrics,
  ...sensorMetrics,
];
