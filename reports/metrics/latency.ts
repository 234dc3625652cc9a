/**
 * How long tasks took, class by class: lag, wait, resume wait, service, response.
 *
 * An open loop's wait starts at the intended start, whatever the releaser or the runtime did (no coordinated
 * omission; Tene, "How NOT to Measure Latency"). A closed loop has no intended start: its wait starts where the
 * task was handed over, it has no lag, and its percentiles never mix with those of an open loop.
 */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import {
  type Loop,
  TASK_CLASS,
  TASK_DUE,
  TASK_F64,
  TASK_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";
import {
  FINISH,
  FIRST_POLL,
  RESUME_WAIT,
  STARTS,
  STATE,
  SUBMITTED,
  TASK_BYTES,
  TASK_DOUBLES,
} from "../rows.ts";
import type { Metric } from "./metric.ts";
import { type Summary, summarize, summaryMetrics } from "./summary.ts";

export interface ClassLatency {
  readonly name: string;
  readonly loop: Loop;
  /** Tasks of the class in the trace. */
  readonly count: number;
  readonly lagNs: Summary;
  readonly waitNs: Summary;
  readonly resumeWaitNs: Summary;
  readonly serviceNs: Summary;
  readonly responseNs: Summary;
}

export type Quantity = "lagNs" | "waitNs" | "resumeWaitNs" | "serviceNs" | "responseNs";

export const quantities: Readonly<Record<Quantity, string>> = {
  lagNs: "submitted − arrival: the load's own lateness. Open loops only.",
  waitNs:
    "first poll − arrival (closed loops: − submitted), of every task that was started: scheduling delay from the intended start.",
  resumeWaitNs: "Σ (poll − ready) of the polls after the first, of every finished task.",
  serviceNs: "finish − first poll, suspended time included, of every finished task.",
  responseNs: "finish − arrival (closed loops: − submitted), of every finished task.",
};

export function measureLatency(
  trace: Trace,
  records: Records,
): { classes: ClassLatency[]; measured: ClassLatency } {
  const { tasks, firstOf } = groupByClass(trace);
  const scratch = new Float64Array(trace.taskCount);
  const classes = trace.classes.map(({ name, loop }, index): ClassLatency => {
    const members = tasks.subarray(firstOf[index] as number, firstOf[index + 1] as number);
    const summaryOf = (quantity: Quantity): Summary =>
      summarize(scratch.subarray(0, collect(scratch, members, { trace, records, quantity, loop })));
    return {
      name,
      loop,
      count: members.length,
      lagNs: summaryOf("lagNs"),
      waitNs: summaryOf("waitNs"),
      resumeWaitNs: summaryOf("resumeWaitNs"),
      serviceNs: summaryOf("serviceNs"),
      responseNs: summaryOf("responseNs"),
    };
  });
  return { classes, measured: classes[trace.measuredClass] as ClassLatency };
}

/** Task ids ordered by class, and where each class starts among them: one more entry than classes. */
function groupByClass(trace: Trace): { tasks: Uint32Array; firstOf: Uint32Array } {
  const { taskCount, taskU32 } = trace;
  const firstOf = new Uint32Array(trace.classes.length + 1);
  for (let task = 0; task < taskCount; task++) {
    const next = (taskU32[task * TASK_U32 + TASK_CLASS] as number) + 1;
    firstOf[next] = (firstOf[next] as number) + 1;
  }
  for (let index = 1; index < firstOf.length; index++) {
    firstOf[index] = (firstOf[index] as number) + (firstOf[index - 1] as number);
  }
  const tasks = new Uint32Array(taskCount);
  const next = firstOf.slice();
  for (let task = 0; task < taskCount; task++) {
    const taskClass = taskU32[task * TASK_U32 + TASK_CLASS] as number;
    const at = next[taskClass] as number;
    tasks[at] = task;
    next[taskClass] = at + 1;
  }
  return { tasks, firstOf };
}

interface Question {
  readonly trace: Trace;
  readonly records: Records;
  readonly quantity: Quantity;
  readonly loop: Loop;
}

/** Writes one quantity of all `members` that have it, and answers how many have. */
function collect(into: Float64Array, members: Uint32Array, question: Question): number {
  const { trace, records, quantity, loop } = question;
  const { taskF64: rows, taskU8 } = records;
  const isOpen = loop === "open";
  if (quantity === "lagNs" && !isOpen) return 0;
  const DONE = taskStates.done;
  let count = 0;
  for (let index = 0; index < members.length; index++) {
    const task = members[index] as number;
    const row = task * TASK_DOUBLES;
    const isDone = taskU8[task * TASK_BYTES + STATE] === DONE;
    const isMissing =
      quantity === "lagNs"
        ? !wasSubmitted(records, task)
        : quantity === "waitNs"
          ? taskU8[task * TASK_BYTES + STARTS] === 0
          : !isDone;
    if (isMissing) continue;
    const submittedNs = rows[row + SUBMITTED] as number;
    const arrivalNs = isOpen ? (trace.taskF64[task * TASK_F64 + TASK_DUE] as number) : submittedNs;
    const firstPollNs = rows[row + FIRST_POLL] as number;
    if (quantity === "lagNs") into[count++] = submittedNs - arrivalNs;
    else if (quantity === "waitNs") into[count++] = firstPollNs - arrivalNs;
    else if (quantity === "resumeWaitNs") into[count++] = rows[row + RESUME_WAIT] as number;
    else if (quantity === "serviceNs") into[count++] = (rows[row + FINISH] as number) - firstPollNs;
    else into[count++] = (rows[row + FINISH] as number) - arrivalNs;
  }
  return count;
}

/** Whether a task was handed over. The state of one that is not done may read `unserved`, so the stamps decide. */
function wasSubmitted(records: Records, task: number): boolean {
  return (
    (records.taskU8[task * TASK_BYTES + STARTS] as number) > 0 ||
    (records.taskF64[task * TASK_DOUBLES + SUBMITTED] as number) > 0
  );
}

const SOURCE = "Task records of the measured class.";

export const latencyMetrics: readonly Metric<{ readonly measured: ClassLatency }>[] = (
  Object.keys(quantities) as Quantity[]
).flatMap((name) =>
  summaryMetrics(
    { name, section: null, definition: quantities[name], source: SOURCE },
    (trial) => trial.measured[name],
  ),
);
