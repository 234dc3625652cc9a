/** Every metric, in the order in which documents and columns show them. */
import { latencyMetrics } from "./latency.ts";
import type { Metric } from "./metric.ts";
import { resourceMetrics } from "./resources.ts";
import { starvationMetrics } from "./starvation.ts";
import { throughputMetrics } from "./throughput.ts";

export const metrics: readonly Metric[] = [
  ...throughputMetrics,
  ...latencyMetrics,
  ...starvationMetrics,
  ...resourceMetrics,
];
