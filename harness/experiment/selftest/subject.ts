/** A runtime with its options, as a case runs it. */
import { strict as assert } from "node:assert";
import { resolve } from "node:path";
import { runtimes } from "../../../runtimes/catalog.ts";
import type { Runtime } from "../../../runtimes/runtime.ts";
import { loadRuntimeModule } from "../../../runtimes/user/module.ts";
import type { ModuleIdentity } from "../../../runtimes/user/module-file.ts";
import { type ParameterValues, type Problem, parseParameters } from "../../../workloads/parameter.ts";
import { labelOf, splitItems } from "../../plan/item.ts";
import { UsageError } from "../../plan/usage-error.ts";

export interface Subject {
  /** As it would be typed, e.g. "work-stealing:queue=global". */
  readonly label: string;
  readonly runtime: string;
  /** Resolved: every option has a value, or none by default. */
  readonly options: ParameterValues;
  /** null: it stands in the catalogue. */
  readonly module: ModuleIdentity | null;
  readonly workers: Runtime["workers"];
  readonly time: Runtime["time"];
  /** Why it cannot run here; null: it can. */
  readonly missingBecause: string | null;
}

/** A runtime of the catalogue. */
export function subjectOf(name: string, given: Readonly<Record<string, string>> = {}): Subject {
  const runtime = runtimes.find((each) => each.name === name);
  assert(runtime !== undefined, `no runtime is called ${name}`);
  const settings = Object.entries(given).map(([key, value]) => ({ key, value }));
  const parsed = parseParameters(runtime.options, given, name);
  assert("values" in parsed, `options that ${name} does not know`);
  return {
    ...described(runtime),
    options: parsed.values,
    label: labelOf({ name, settings }),
    module: null,
  };
}

/** A user's own as it was typed, e.g. "./mine.mjs:depth=3". Throws a UsageError where there is none or it has no such option. */
export async function userSubject(typed: string): Promise<Subject> {
  const split = splitItems(typed);
  if ("wrong" in split) throw refusal(split.wrong);
  const [item] = split.items;
  if (item === undefined || split.items.length > 1)
    throw refusal([`"${typed}" is not one module. Give one, by a path that has no comma.`]);
  const given = Object.fromEntries(item.settings.map(({ key, value }) => [key, value]));
  const subject = await moduleSubject(item.name, given);
  return { ...subject, label: `${labelOf(item)} (${subject.label})` };
}

/** The runtime in the module at `path`, labelled as it calls itself. */
export async function moduleSubject(path: string, given: Readonly<Record<string, string>>): Promise<Subject> {
  const loaded = await loadRuntimeModule(resolve(path), path);
  if ("wrong" in loaded) throw refusal([loaded.wrong]);
  const { runtime, ownName, identity } = loaded;
  const parsed = parseParameters(runtime.options, given, path);
  if ("problems" in parsed) throw refusal(parsed.problems.map((problem) => optionProblem(path, problem)));
  return { ...described(runtime), options: parsed.values, label: ownName, module: identity };
}

/** As a plan says it: the path, then the option and what is wrong with it. */
function optionProblem(path: string, { where, message }: Problem): string {
  const option = where.slice(path.length + 1);
  return option === "" ? `${path}: ${message}` : `${path}: ${option} ${message}`;
}

function refusal(messages: readonly string[]): UsageError {
  return new UsageError(messages.map((message) => ({ where: "--runtime", message })));
}

function described({
  name,
  workers,
  time,
  availability,
}: Runtime): Omit<Subject, "label" | "module" | "options"> {
  const available = availability();
  return { runtime: name, workers, time, missingBecause: available.available ? null : available.reason };
}
