/** The loads of a plan: workloads with resolved parameters, each checked against the duration and the workers. */
import type { ParameterValues, Problem } from "../../workloads/parameter.ts";
import { shown } from "../../workloads/parameter.ts";
import type { Composition, Workload } from "../../workloads/workload.ts";
import { formatDuration } from "./duration.ts";
import { oversize } from "./expected-work.ts";
import { splitItems } from "./item.ts";
import { type Given, isGiven, type Place, type Reading, valuesOf } from "./layer.ts";
import { readParameters } from "./read-parameters.ts";
import type { Choice } from "./runtime-choices.ts";
import type { Threads } from "./threads.ts";
import { unknownName } from "./unknown-name.ts";

/** A workload with its parameters resolved, as data. */
export interface Load {
  readonly workload: string;
  readonly parameters: ParameterValues;
  readonly composition: Composition;
}

interface Surroundings {
  readonly workloads: readonly Workload[];
  readonly durationNs: number;
  readonly threads: readonly Threads[];
  readonly choices: readonly Choice[];
}

/** A workload as it was named, before its parameters are read. */
interface Named {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>>;
  /** Where a parameter stands, or the name where `key` is null. */
  place(key: string | null, part: "key" | "value"): Place;
}

/** Distinct loads; of two that come to the same the first one stands. */
export function readLoads(reading: Reading, surroundings: Surroundings): Load[] {
  const all = surroundings.workloads.map(({ name }) => name);
  const distinct = new Map<string, Load>();
  for (const given of valuesOf(reading, "workloads", "many", all)) {
    for (const named of namedIn(given, reading.problems)) {
      const load = resolve(named, reading, surroundings);
      if (load === null) continue;
      const key = loadKey(load);
      if (distinct.has(key))
        reading.notes.push(`${named.name} is given twice with the same parameters: measured once`);
      else distinct.set(key, load);
    }
  }
  return [...distinct.values()];
}

/** Equal for loads that make the same trace from the same seed. */
export function loadKey(load: { workload: string; parameters: ParameterValues }): string {
  return JSON.stringify([load.workload, Object.entries(load.parameters).sort()]);
}

function namedIn(given: Given, problems: Problem[]): Named[] {
  const { where, subject } = given;
  const value = nullAsName(given.value);
  if (typeof value === "string") {
    const split = splitItems(value);
    if ("items" in split) {
      return split.items.map(({ name, settings }) => ({
        name,
        settings: Object.fromEntries(settings.map(({ key, value: text }) => [key, text])),
        place: () => ({ where, subject }),
      }));
    }
    problems.push(...split.wrong.map((message) => ({ where, message })));
    return [];
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const { name: givenName, ...settings } = value as Readonly<Record<string, unknown>>;
    const name = nullAsName(givenName);
    if (typeof name === "string") {
      return [{ name, settings, place: (key, part) => given.inside([key ?? "name"], part) }];
    }
    problems.push({ where, message: `${subject} has no name. Give name: block-k, for example.` });
    return [];
  }
  problems.push({
    where,
    message: `${subject} is ${shown(value)}. Give the name of a workload, or a mapping of its name and parameters.`,
  });
  return [];
}

/** In YAML and JSON the bare word `null` is a value; here it is the name of a workload. */
function nullAsName(value: unknown): unknown {
  return value === null ? "null" : value;
}

function resolve(named: Named, reading: Reading, surroundings: Surroundings): Load | null {
  const { problems, notes } = reading;
  const { workloads, durationNs } = surroundings;
  const workload = workloads.find(({ name }) => name === named.name);
  const { where } = named.place(null, "value");
  if (workload === undefined) {
    const names = workloads.map(({ name }) => name);
    problems.push({ where, message: unknownName("workload", named.name, names) });
    return null;
  }
  const { name, parameters: table } = workload;
  const parameters = readParameters(named.settings, { table, name, place: named.place, problems });
  if (parameters === null) return null;
  const composition = workload.describe(parameters, durationNs);
  if ("misfit" in composition) {
    problems.push({ where, message: `${name}: ${composition.misfit}` });
    return null;
  }
  const tooLarge = oversize(composition);
  if (tooLarge !== null) problems.push({ where, message: `${name} ${tooLarge}` });
  checkConnections(composition, { where, name, surroundings, problems });
  if (workload.isCounted(parameters) && isGiven(reading, "duration")) {
    notes.push(
      `${name} ends by its own count: the duration of ${formatDuration(durationNs)} has no effect on it`,
    );
  }
  return { workload: name, parameters, composition };
}

/** Workers own their connections, so there must be one for each. Model time needs none. */
function checkConnections(
  { connectionCount }: Composition,
  {
    where,
    name,
    surroundings: { threads, choices },
    problems,
  }: { where: string; name: string; surroundings: Surroundings; problems: Problem[] },
): void {
  if (connectionCount === 0) return;
  if (!choices.some(({ runtime }) => runtime.workers === "many" && runtime.time === "live")) return;
  const connections = connectionCount === 1 ? "1 connection" : `${connectionCount} connections`;
  for (const { label, workerCount } of threads) {
    if (workerCount <= connectionCount) continue;
    problems.push({
      where,
      message: `${name} has ${connections} and ${label} threads are ${workerCount} workers, each with at least one of its own. Give ${name}:connections=${workerCount} or fewer threads.`,
    });
  }
}
