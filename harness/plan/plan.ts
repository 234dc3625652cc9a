/**
 * Parses what is to be measured: from layers of settings to a draft in which everything is resolved,
 * or to all that is wrong with them at once. Never both, and it never throws.
 */

import type { Runtime } from "../../runtimes/runtime.ts";
import type { Problem } from "../../workloads/parameter.ts";
import { shown } from "../../workloads/parameter.ts";
import type { Workload } from "../../workloads/workload.ts";
import type { Cores } from "../machine/cores.ts";
import type { OnNoise, Treatment } from "../trial/trial.ts";
import { withControls } from "./controls.ts";
import { type DurationRange, parseDuration } from "./duration.ts";
import { type Key, type Layer, type Reading, valuesOf } from "./layer.ts";
import { type Load, readLoads } from "./loads.ts";
import { type Choice, findRuntime, type Known, readChoices } from "./runtime-choices.ts";
import type { RuntimeModules } from "./runtime-modules.ts";
import { parseThreads, type Threads } from "./threads.ts";
import { unknownName } from "./unknown-name.ts";

export interface PlanRequest {
  /** The first layer that has a key decides: flags, environment, file. */
  readonly layers: readonly Layer[];
  readonly cores: Cores;
  readonly workloads: readonly Workload[];
  readonly runtimes: readonly Runtime[];
  /** Of the users' own; absent: none was loaded. */
  readonly modules?: RuntimeModules;
}

/** A plan before its traces are built. */
export interface PlanDraft {
  readonly seed: number;
  readonly roundCount: number;
  readonly durationNs: number;
  readonly canaryPeriodNs: number;
  readonly onNoise: OnNoise;
  readonly coreCount: number;
  readonly loads: readonly Load[];
  readonly treatments: readonly Treatment[];
  /** Runtimes that were asked for and cannot run here; their treatments are left out. */
  readonly unavailable: readonly { runtime: string; reason: string; required: boolean }[];
  readonly notes: readonly string[];
}

const DURATION_RANGE: DurationRange = { minNs: 1e6, maxNs: 20 * 60e9, exampleNs: 2e9 };
const CANARY_RANGE: DurationRange = { minNs: 100e3, maxNs: 1e9, exampleNs: 1e6 };
/** The trace of round r is seeded with seed + r, which must stay exact in a double. */
const SEED_LIMIT = 2 ** 52;
const ROUND_LIMIT = 1000;
const DEFAULT_ROUNDS = 5;
const DEFAULT_DURATION_NS = 1e9;
const DEFAULT_CANARY_PERIOD_NS = 1e6;

export function parsePlan(request: PlanRequest): { draft: PlanDraft } | { problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const notes: string[] = [];
  const reading: Reading = { layers: request.layers, problems, notes };
  checkKeys(reading);
  const seed = readWhole(reading, "seed", { min: 0, max: SEED_LIMIT, fallback: 1 });
  const roundCount = readWhole(reading, "rounds", { min: 1, max: ROUND_LIMIT, fallback: DEFAULT_ROUNDS });
  const durationNs = readDuration(reading, "duration", DURATION_RANGE) ?? DEFAULT_DURATION_NS;
  const canaryPeriodNs = readDuration(reading, "canaryPeriod", CANARY_RANGE) ?? DEFAULT_CANARY_PERIOD_NS;
  const onNoise = readOnNoise(reading);
  const hasControl = readSwitch(reading, "control");
  const threads = readThreads(reading, request.cores.count);
  const known: Known = { runtimes: request.runtimes, modules: request.modules ?? new Map() };
  const choices = readChoices(reading, known);
  const required = readRequired(reading, known);
  const loads = readLoads(reading, { workloads: request.workloads, durationNs, threads, choices });
  if (problems.length > 0) return { problems };

  const asked = [...new Set([...choices.map(({ runtime }) => runtime), ...required])];
  const unavailable = asked.flatMap((runtime) => {
    const availability = runtime.availability();
    const reason = availability.available ? null : availability.reason;
    return reason === null ? [] : [{ runtime: runtime.name, reason, required: required.includes(runtime) }];
  });
  for (const { runtime, reason } of unavailable) notes.push(`${runtime} is skipped: ${reason}`);
  const missing = new Set(unavailable.map(({ runtime }) => runtime));
  const present = choices.filter(({ runtime }) => !missing.has(runtime.name));
  const plain = crossed(loads, present, threads);
  const treatments = hasControl ? withControls(loads, plain, notes) : plain;
  return {
    draft: {
      ...{ seed, roundCount, durationNs, canaryPeriodNs, onNoise, coreCount: request.cores.count },
      ...{ loads, treatments, unavailable, notes },
    },
  };
}

/** Every load on every runtime at every thread count; a runtime of one worker runs once. */
function crossed(
  loads: readonly Load[],
  choices: readonly Choice[],
  threads: readonly Threads[],
): Treatment[] {
  const single: readonly Threads[] = [{ label: "1", workerCount: 1 }];
  return loads
    .flatMap((load) =>
      choices.flatMap((choice) =>
        (choice.runtime.workers === "one" ? single : threads).map((count) => ({ load, choice, count })),
      ),
    )
    .map(({ load, choice, count }, index) => ({
      id: `t${index}`,
      workload: load.workload,
      parameters: load.parameters,
      runtime: choice.runtime.name,
      options: choice.options,
      runtimeLabel: choice.label,
      ...(choice.module === null ? {} : { runtimeModule: choice.module }),
      threads: count.label,
      workerCount: count.workerCount,
    }));
}

const planKeys: readonly Key[] = [
  "workloads",
  "runtimes",
  "threads",
  "rounds",
  "duration",
  "seed",
  "canaryPeriod",
  "onNoise",
  "control",
  "require",
];

function checkKeys({ layers, problems }: Reading): void {
  for (const layer of layers) {
    for (const key of Object.keys(layer.values)) {
      if (planKeys.some((known) => known === key)) continue;
      const { where } = layer.locate([key], "key");
      problems.push({ where, message: unknownName("setting", key, planKeys) });
    }
  }
}

function readWhole(
  reading: Reading,
  key: Key,
  { min, max, fallback }: { min: number; max: number; fallback: number },
): number {
  const [given] = valuesOf(reading, key, "one");
  if (given === undefined) return fallback;
  const { value } = given;
  const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= min && number <= max) return number;
  reading.problems.push({
    where: given.where,
    message: `${given.subject} is ${shown(value)}. Give a whole number from ${min} to ${max}.`,
  });
  return fallback;
}

/** Off unless it is given. */
function readSwitch(reading: Reading, key: Key): boolean {
  const [given] = valuesOf(reading, key, "one");
  if (given === undefined || typeof given.value === "boolean") return given?.value === true;
  const message = `${given.subject} is ${shown(given.value)}. Give true or false.`;
  reading.problems.push({ where: given.where, message });
  return false;
}

function readDuration(reading: Reading, key: Key, range: DurationRange): number | null {
  const [given] = valuesOf(reading, key, "one");
  if (given === undefined) return null;
  const parsed = parseDuration(given.value, range);
  if ("ns" in parsed) return parsed.ns;
  reading.problems.push({ where: given.where, message: `${given.subject} ${parsed.wrong}` });
  return null;
}

function readOnNoise(reading: Reading): OnNoise {
  const [given] = valuesOf(reading, "onNoise", "one", ["refuse"]);
  if (given === undefined) return "refuse";
  const { value, where, subject } = given;
  if (value === "refuse" || value === "warn") return value;
  reading.problems.push({
    where,
    message: `${subject} is ${shown(value)}. Give refuse, so that disturbed trials count for nothing, or warn, so that they are marked.`,
  });
  return "refuse";
}

/** Distinct worker counts; of two that come to the same the first one names both. */
function readThreads(reading: Reading, coreCount: number): Threads[] {
  const distinct: Threads[] = [];
  for (const given of valuesOf(reading, "threads", "many", ["1x"])) {
    const parts = typeof given.value === "string" ? given.value.split(",") : [given.value];
    for (const part of parts) {
      const parsed = parseThreads(part, coreCount);
      if ("wrong" in parsed) {
        reading.problems.push({ where: given.where, message: `${given.subject} ${parsed.wrong}` });
        continue;
      }
      const { label, workerCount } = parsed.threads;
      const same = distinct.find((other) => other.workerCount === workerCount);
      if (same === undefined) distinct.push(parsed.threads);
      else {
        reading.notes.push(
          `threads ${same.label} and ${label} both come to ${workerCount} on ${coreCount} cores: measured once, as ${same.label}`,
        );
      }
    }
  }
  return distinct;
}

function readRequired(reading: Reading, known: Known): Runtime[] {
  return valuesOf(reading, "require", "many", []).flatMap((given) => {
    const names = typeof given.value === "string" ? given.value.split(",") : [given.value];
    return names.flatMap((name) => {
      const found = findRuntime(typeof name === "string" ? name.trim() : name, given, known);
      if ("runtime" in found) return [found.runtime];
      reading.problems.push({ where: given.where, message: found.wrong });
      return [];
    });
  });
}
