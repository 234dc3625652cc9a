/**
 * The runtimes of isoload as contestants: each run is a trial as users have it, in a process of its own, with
 * records on and its identity judged.
 */
import { divergedBecause } from "../../reports/judge.ts";
import { native } from "../../runtimes/native/native.ts";
import type { Records } from "../../runtimes/records.ts";
import type { Runtime } from "../../runtimes/runtime.ts";
import { workStealing } from "../../runtimes/work-stealing/work-stealing.ts";
import { parseParameters } from "../../workloads/parameter.ts";
import { referenceChecksums } from "../../workloads/trace/reference.ts";
import { hashOf, type Trace } from "../../workloads/trace/trace.ts";
import { runOne } from "../trial/fixtures/one-trial.ts";
import type { TrialFacts } from "../trial/trial.ts";
import { type Contestant, Fault } from "./contestant.ts";
import {
  blockedFigures,
  checksumsOf,
  latencyFigures,
  sharedBytesPerTask,
  throughputFigures,
} from "./from-records.ts";
import type { Answer, Figures } from "./job.ts";
import { digestOf, traceOf, type Work } from "./work.ts";

/** From `ready` to the end of the process. */
const DEADLINE_NS = 60e9;

export const throughIsoload: readonly Contestant[] = [
  contestant(workStealing, {}, null),
  contestant(workStealing, { lifo: "off" }, ["blocked"]),
  contestant(native, {}, null),
  contestant(native, { lifo: "off" }, ["blocked"]),
];

type Options = Readonly<Record<string, string>>;

function contestant(runtime: Runtime, options: Options, only: readonly string[] | null): Contestant {
  const settings = Object.entries(options).map(([key, value]) => `${key}=${value}`);
  return {
    name: [runtime.name, ...settings].join(":"),
    family: "isoload",
    setup: `${runtime.summary}; a trial of isoload with records on, and isoload's own warm-up`,
    only,
    prepare: () => {
      const missing = Object.keys(options).filter((name) => !Object.hasOwn(runtime.options, name));
      if (missing.length > 0) return { absent: `this ${runtime.name} has no option ${missing.join(", ")}` };
      const availability = runtime.availability();
      return availability.available ? { version: availability.version } : { absent: availability.reason };
    },
    run: (work) => runTrials(runtime, options, work),
  };
}

async function runTrials(runtime: Runtime, options: Options, work: Work): Promise<Answer> {
  const { job, trace, firstTask, expected } = work;
  const { records, facts } = await proven(runtime, options, {
    trace,
    expected,
    workerCount: job.workerCount,
  });
  const checksums = checksumsOf(records, firstTask);
  const answer = { doneCount: checksums.length, digest: digestOf(checksums) };
  return { ...answer, figures: await figuresOf({ runtime, options, work }, records, facts) };
}

interface Contest {
  readonly runtime: Runtime;
  readonly options: Options;
  readonly work: Work;
}

async function figuresOf(contest: Contest, records: Records, facts: TrialFacts): Promise<Figures> {
  const { job, trace, firstTask } = contest.work;
  switch (job.kind) {
    case "chained":
    case "injected":
      return throughputFigures(trace, records, firstTask);
    case "latency":
      return latencyFigures(records, firstTask);
    case "blocked":
      return blockedFigures(records, firstTask, job.withinNs);
    case "memory":
      return memoryFigures(contest, facts);
  }
}

/** What a trial of a tenth of the tasks takes is no task's. */
async function memoryFigures({ runtime, options, work }: Contest, whole: TrialFacts): Promise<Figures> {
  const { job } = work;
  const trace = traceOf(job, Math.ceil(job.taskCount / 10));
  const expected = referenceChecksums(trace);
  const { facts } = await proven(runtime, options, { trace, expected, workerCount: job.workerCount });
  const grownBytes = (whole.resources?.rssBytes ?? Number.NaN) - (facts.resources?.rssBytes ?? Number.NaN);
  const rssBytesPerTask = grownBytes / (work.trace.taskCount - trace.taskCount);
  return {
    ...(Number.isFinite(rssBytesPerTask) ? { rssBytesPerTask } : {}),
    sharedBytesPerTask: sharedBytesPerTask(work.trace, runtime === workStealing),
  };
}

interface Trial {
  readonly trace: Trace;
  readonly expected: Uint32Array;
  readonly workerCount: number;
}

/** One trial whose work is proven. */
async function proven(
  runtime: Runtime,
  options: Options,
  { trace, expected, workerCount }: Trial,
): Promise<{ records: Records; facts: TrialFacts }> {
  const parsed = parseParameters(runtime.options, options, runtime.name);
  if ("problems" in parsed) throw new Fault(parsed.problems.map(({ message }) => message).join(" "));
  const { result, records } = await runOne({
    trace,
    runtime: runtime.name,
    workerCount,
    options: parsed.values,
    deadlineNs: DEADLINE_NS,
  });
  if (result.outcome !== "completed" || records === null)
    throw new Fault(JSON.stringify(result).slice(0, 500));
  const { facts } = result;
  const hash = hashOf(trace);
  const reasons = divergedBecause({
    trace,
    traceHash: hash,
    plannedHash: hash,
    records,
    facts,
    workerCount,
    expected,
  });
  if (reasons.length > 0) throw new Fault(reasons.join("; "));
  if (!facts.runtimeReturned) throw new Fault("the runtime did not return after it was told to stop");
  return { records, facts };
}
