/** The JSON files of a run folder, checked when they are read: they come from a disk. */
import type { ZodType } from "zod";
import type { Environment, Plan, StoredTrial } from "../trial/trial.ts";
import { DamageError } from "./damage-error.ts";
import { z } from "./zod.ts";

/** Changes whenever a field of the plan does. */
export const PLAN_VERSION = 4;

const number = z.number();
const text = z.string();
const sha256 = text.regex(/^[0-9a-f]{64}$/);
const values = z.record(text, z.union([number, text]));

const plannedTrial = z.strictObject({
  id: text.regex(/^[\w-]+$/),
  treatmentId: text,
  round: number,
  attempt: number,
  traceHash: text,
});

const planSchema: ZodType<Plan> = z.strictObject({
  planVersion: z.literal(PLAN_VERSION),
  isoloadVersion: text,
  seed: number,
  roundCount: number,
  durationNs: number,
  canaryPeriodNs: number,
  onNoise: z.enum(["refuse", "warn"]),
  coreCount: number,
  unitNs: number,
  treatments: z.array(
    z.strictObject({
      id: text,
      workload: text,
      parameters: values,
      runtime: text,
      options: values,
      runtimeLabel: text,
      runtimeModule: z.strictObject({ path: text, sha256 }).exactOptional(),
      controlOf: text.exactOptional(),
      noControlBecause: text.exactOptional(),
      threads: text,
      workerCount: number,
    }),
  ),
  traces: z.array(
    z.strictObject({
      traceHash: sha256,
      workload: text,
      parameters: values,
      isControl: z.boolean(),
      round: number,
      seed: number,
      taskCount: number,
      opCount: number,
    }),
  ),
  trials: z.array(plannedTrial),
  notes: z.array(text),
});

const environmentSchema: ZodType<Environment> = z.strictObject({
  isoloadVersion: text,
  nodeVersion: text,
  v8Version: text,
  tokioVersion: text.nullable(),
  platform: text,
  kernel: text,
  cpuModel: text,
  coreCount: number,
  coreCountSource: text,
  memoryBytes: number,
  loadAverage1m: number,
  calibration: z.strictObject({ unitNs: number, clockReadNs: number, sleepOvershootNs: number }),
});

const byThread = z.strictObject({ runtime: number, harness: number, engine: number });

const resources = z.strictObject({
  elapsedNs: number,
  cpuNs: byThread.nullable(),
  runDelayNs: byThread.nullable(),
  releaserCpuNs: number.nullable(),
  workerCpuNs: z.array(number.nullable()).nullable(),
  rssBytes: number.nullable(),
  rssAtEpochBytes: number.nullable(),
  voluntarySwitches: number.nullable(),
  involuntarySwitches: number.nullable(),
});

const peer = z.strictObject({
  connectionCount: number,
  requestCount: number,
  bytesIn: number,
  bytesOut: number,
  cpuNs: number,
  coreShare: number,
});

const column = z.array(number);

const sensors = z.strictObject({
  machine: z
    .strictObject({
      cpuCount: number,
      atNs: column,
      foreignNs: column,
      stealNs: column,
      throttledNs: column.nullable(),
    })
    .nullable(),
  gaps: z
    .strictObject({
      longestNs: number,
      rows: z.array(z.strictObject({ endNs: number, lengthNs: number })),
    })
    .nullable(),
});

const facts = z.strictObject({
  runtimeVersion: text,
  runtimeStats: z.record(text, number),
  runtimeReturned: z.boolean(),
  ending: z.enum(["all-ended", "cut-off", "left-early"]),
  resources: resources.nullable(),
  peer: peer.nullable(),
  sensors: sensors.nullable(),
});

const storedTrialSchema: ZodType<StoredTrial> = z.strictObject({
  planned: plannedTrial,
  result: z.discriminatedUnion("outcome", [
    z.strictObject({ outcome: z.literal("completed"), facts, startupNs: number }),
    z.strictObject({ outcome: z.literal("timed-out"), limitNs: number, message: text, stderrTail: text }),
    z.strictObject({
      outcome: z.literal("crashed"),
      cause: z.strictObject({ code: number.nullable(), signal: text.nullable(), message: text }),
      stderrTail: text,
    }),
    z.strictObject({ outcome: z.literal("unsupported"), op: text }),
  ]),
  tookNs: number,
});

export function parsePlanFile(content: string): Plan {
  return parseAs(planSchema, content, "plan.json");
}

export function parseEnvironmentFile(content: string): Environment {
  return parseAs(environmentSchema, content, "environment.json");
}

export function parseTrialFile(content: string, name: string): StoredTrial {
  return parseAs(storedTrialSchema, content, name);
}

/** The versions of a plan, read before anything else of it: null where the text is no plan at all. */
export function parseVersions(content: string): { planVersion: number; isoloadVersion: string } | null {
  const versions = z.object({ planVersion: number, isoloadVersion: text });
  try {
    return versions.parse(JSON.parse(content));
  } catch {
    // Neither JSON nor a plan; whoever asks says so.
    return null;
  }
}

/** As all JSON of a run is written: the same values give the same bytes. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function parseAs<Value>(schema: ZodType<Value>, content: string, name: string): Value {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch (error) {
    throw new DamageError([`${name} is no JSON: ${(error as Error).message}`]);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new DamageError(
    parsed.error.issues.map(({ path, message }) => `${name}: ${path.join(".")}: ${message}`),
  );
}
