/**
 * The shape of the result document, its JSON Schema, and the reading of a document from text.
 *
 * Metric names follow from the catalogue. Unknown keys are refused: a document of another version is not guessed at.
 */
import { z } from "zod";
import type { Problem } from "../workloads/parameter.ts";
import type { ClassRow, TrialRow } from "./analyze.ts";
import type { Degradation } from "./degradation.ts";
import type { Distance } from "./distance.ts";
import type { Estimate } from "./estimate.ts";
import { type Reading, sensorNames, verdicts } from "./judge/validity.ts";
import type { Episode } from "./metrics/episodes.ts";
import type { Measures } from "./metrics/measures.ts";
import type { Metric } from "./metrics/metric.ts";
import type { percentiles, Summary } from "./metrics/summary.ts";
import { fileMetrics, type MetricTree } from "./metrics/tree.ts";
import type { Refusals } from "./refusals.ts";
import { type Cell, type ResultDocument, SCHEMA_VERSION } from "./report.ts";
import { causeNames } from "./why.ts";

const whole = z.int().min(0);
const figure = z.number();
const figureOrNull = figure.nullable();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const parameters = z.record(z.string(), z.union([z.number(), z.string()]));

/** Figures of one metric by name: the tree of `fileMetrics` with a schema for every leaf. */
function metricsOf<Leaf>(leaf: (metric: Metric<Measures>) => z.ZodType<Leaf>): z.ZodType<MetricTree<Leaf>> {
  const described = fileMetrics((metric): z.ZodType => leaf(metric).describe(metric.definition));
  const nested = (node: MetricTree<z.ZodType>): z.ZodType =>
    z.strictObject(
      Object.fromEntries(
        Object.entries(node).map(([key, inner]) => [key, inner instanceof z.ZodType ? inner : nested(inner)]),
      ),
    );
  // The keys come from the catalogue, which no type knows; fileMetrics gives tree and schema the same ones.
  return nested(described) as z.ZodType<MetricTree<Leaf>>;
}

const summary: z.ZodType<Summary> = z.strictObject({
  count: whole,
  p50: figureOrNull,
  p90: figureOrNull,
  p99: figureOrNull,
  p999: figureOrNull,
  max: figureOrNull,
  mean: figureOrNull,
} satisfies Record<"count" | "max" | "mean" | keyof typeof percentiles, z.ZodType>);

const classRow: z.ZodType<ClassRow> = z.strictObject({
  loop: z.enum(["open", "closed"]),
  count: whole,
  lagNs: summary,
  waitNs: summary,
  resumeWaitNs: summary,
  serviceNs: summary,
  responseNs: summary,
});

const episode: z.ZodType<Episode> = z.strictObject({
  thresholdNs: figure,
  startNs: figure,
  endNs: figure,
  holds: z.array(
    z.strictObject({
      task: whole,
      op: z.enum(["block", "cpu"]),
      worker: whole,
      startNs: figure,
      endNs: figure,
    }),
  ),
});

const reading: z.ZodType<Reading> = z.strictObject({
  sensor: z.enum(sensorNames),
  figure: figureOrNull,
  bound: figure,
  sampleCount: whole,
  verdict: z.enum(verdicts),
});

const trial: z.ZodType<TrialRow> = z.strictObject({
  id: z.string(),
  treatmentId: z.string(),
  round: whole,
  attempt: z.int().min(1),
  tookNs: figure,
  workload: z.string(),
  runtime: z.string(),
  threads: z.string(),
  workerCount: z.int().min(1),
  outcome: z.enum(["completed", "timed-out", "crashed", "unsupported", "diverged"]),
  valid: z.boolean(),
  refusal: z.enum(["noise", "identity", "failure"]).nullable(),
  invalidBecause: z.array(z.string()),
  warnings: z.array(z.string()),
  traceHash: sha256,
  resultHash: sha256.nullable(),
  counts: z
    .strictObject({
      planned: whole,
      done: whole,
      failed: whole,
      cancelled: whole,
      unserved: whole,
      spawned: whole,
      polls: whole,
    })
    .nullable(),
  metrics: metricsOf(() => figureOrNull).nullable(),
  sensors: z.array(reading).nullable(),
  episodes: z.array(episode).nullable(),
  classes: z.record(z.string(), classRow).nullable(),
  runtimeStats: z.record(z.string(), figure).nullable(),
  timeline: z
    .strictObject({
      bucketNs: figure,
      noProgressNs: z.array(figure).nullable(),
      inFlightCount: z.array(whole.nullable()).nullable(),
    })
    .nullable(),
});

const estimate: z.ZodType<Estimate> = z.strictObject({
  n: whole,
  estimate: figureOrNull,
  interval: z.strictObject({ low: figure, high: figure, coverageShare: figure }).nullable(),
});

const degradation: z.ZodType<Degradation> = z.strictObject({
  p50: estimate.describe("Median response of the measured class by that of the same work without blocking."),
  p90: estimate.describe("The same of the 90th percentile."),
  p99: estimate.describe("The same of the 99th percentile."),
  isLowerBound: z.boolean(),
  absentBecause: z.string().nullable(),
});

const cell: z.ZodType<Cell> = z.strictObject({
  treatmentId: z.string(),
  workload: z.string(),
  runtime: z.string(),
  threads: z.string(),
  workerCount: z.int().min(1),
  n: whole,
  attemptCount: whole,
  refusedCount: whole,
  metrics: metricsOf(() => estimate),
  degradation,
  why: z
    .strictObject({
      trialId: z.string(),
      cause: z.enum(causeNames).nullable(),
      causeShare: figureOrNull,
      episode,
    })
    .nullable(),
});

const refusals: z.ZodType<Refusals> = z.strictObject({
  outOfTime: z.array(z.string()),
  unequal: z.array(
    z.strictObject({
      treatmentIds: z.tuple([z.string(), z.string()]),
      refusedCounts: z.tuple([whole, whole]),
      trialCounts: z.tuple([whole, whole]),
      p: figure,
    }),
  ),
});

const distance: z.ZodType<Distance> = z.strictObject({
  treatmentId: z.string(),
  idealTreatmentId: z.string(),
  n: whole,
  metrics: metricsOf(() =>
    z.strictObject({ ideal: estimate, difference: estimate, ratio: estimate.nullable() }).nullable(),
  ),
});

const environment: z.ZodType<ResultDocument["environment"]> = z.strictObject({
  isoloadVersion: z.string(),
  nodeVersion: z.string(),
  v8Version: z.string(),
  tokioVersion: z.string().nullable(),
  platform: z.string(),
  kernel: z.string(),
  cpuModel: z.string(),
  coreCount: z.int().min(1),
  coreCountSource: z.string(),
  memoryBytes: figure,
  loadAverage1m: figure,
  calibration: z.strictObject({ unitNs: figure, clockReadNs: figure, sleepOvershootNs: figure }),
});

const document: z.ZodType<ResultDocument> = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  state: z.enum(["complete", "partial", "failed"]),
  environment,
  plan: z.strictObject({
    planVersion: whole,
    isoloadVersion: z.string(),
    seed: z.number(),
    roundCount: whole,
    durationNs: figure,
    canaryPeriodNs: figure,
    onNoise: z.enum(["refuse", "warn"]),
    coreCount: z.int().min(1),
    unitNs: figure,
    trialCount: whole,
    notes: z.array(z.string()),
  }),
  traces: z.array(
    z.strictObject({
      workload: z.string(),
      parameters,
      isControl: z.boolean(),
      round: whole,
      seed: z.number(),
      traceHash: sha256,
      taskCount: whole,
      opCount: whole,
    }),
  ),
  treatments: z.array(
    z.strictObject({
      id: z.string(),
      workload: z.string(),
      parameters,
      runtime: z.string(),
      threads: z.string(),
      workerCount: z.int().min(1),
      controlOf: z.string().nullable(),
    }),
  ),
  trials: z.array(trial),
  cells: z.array(cell),
  refusals,
  distances: z.array(distance),
});

/** JSON Schema (draft 2020-12) of the result document. */
export function resultSchema(): Readonly<Record<string, unknown>> {
  const { $schema, ...rest } = z.toJSONSchema(document, { target: "draft-2020-12", reused: "ref" });
  return { $schema, title: "isoload result document", ...rest };
}

/** Reads a result document from `text`; `where` names it in problems, e.g. its path. */
export function parseResult(
  text: string,
  where: string,
): { document: ResultDocument } | { problems: Problem[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problems: [{ where, message: `is no JSON: ${String(error)}` }] };
  }
  const parsed = document.safeParse(value);
  if (parsed.success) return { document: parsed.data };
  return {
    problems: parsed.error.issues.map(({ path, message }) => ({
      where: [where, ...path].join("."),
      message,
    })),
  };
}
