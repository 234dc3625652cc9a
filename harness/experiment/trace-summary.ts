/** What a trace holds, for a reader: counts by class and by op, and its name. */
import { strict as assert } from "node:assert";
import type { ParameterValues } from "../../workloads/parameter.ts";
import { opNameOf } from "../../workloads/trace/op.ts";
import {
  NO_DUE,
  OP_CODE,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_CLASS,
  TASK_DUE,
  TASK_F64,
  TASK_PROGRAM,
  TASK_U32,
  type Trace,
} from "../../workloads/trace/trace.ts";
import type { PlanDraft } from "../plan/plan.ts";
import { buildTraces } from "../plan/schedule.ts";

export interface TraceSummary {
  readonly workload: string;
  readonly parameters: ParameterValues;
  readonly seed: number;
  readonly traceHash: string;
  readonly sizeBytes: number;
  readonly taskCount: number;
  /** Tasks with a due time; the others are released by these. */
  readonly rootCount: number;
  readonly sessionCount: number;
  readonly connectionCount: number;
  readonly windowNs: number;
  readonly drainNs: number;
  readonly canaryPeriodNs: number;
  readonly classes: readonly {
    readonly name: string;
    readonly measured: boolean;
    readonly taskCount: number;
    /** null: released by predecessors only. */
    readonly firstDueNs: number | null;
    readonly lastDueNs: number | null;
  }[];
  /** Ops that will be performed, by name. */
  readonly ops: Readonly<Record<string, number>>;
}

/** The traces of a draft's first round, one after another: the bytes for a file, the summary for a reader. */
export function* summarizeTraces(draft: PlanDraft): Generator<{ trace: Trace; summary: TraceSummary }> {
  for (const { trace, planned } of buildTraces({ ...draft, roundCount: 1 })) {
    const { workload, parameters, seed, traceHash, taskCount } = planned;
    const { rootCount, sessionCount, connectionCount, windowNs, drainNs, canaryPeriodNs } = trace;
    const summary: TraceSummary = {
      ...{ workload, parameters, seed, traceHash, sizeBytes: trace.bytes.length, taskCount },
      ...{ rootCount, sessionCount, connectionCount, windowNs, drainNs, canaryPeriodNs },
      classes: classesOf(trace),
      ops: opsOf(trace),
    };
    yield { trace, summary };
  }
}

function classesOf(trace: Trace): TraceSummary["classes"] {
  const classes = trace.classes.map(({ name }, index) => ({
    name,
    measured: index === trace.measuredClass,
    taskCount: 0,
    firstDueNs: null as number | null,
    lastDueNs: null as number | null,
  }));
  for (let task = 0; task < trace.taskCount; task++) {
    const taskClass = classes[trace.taskU32[task * TASK_U32 + TASK_CLASS] as number];
    assert(taskClass !== undefined);
    taskClass.taskCount++;
    const dueNs = trace.taskF64[task * TASK_F64 + TASK_DUE] as number;
    if (dueNs === NO_DUE) continue;
    taskClass.firstDueNs ??= dueNs;
    taskClass.lastDueNs = dueNs;
  }
  return classes;
}

function opsOf(trace: Trace): Record<string, number> {
  const tasksOf = new Float64Array(trace.programCount);
  for (let task = 0; task < trace.taskCount; task++) {
    const program = trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number;
    tasksOf[program] = (tasksOf[program] as number) + 1;
  }
  const ops: Record<string, number> = {};
  for (let program = 0; program < trace.programCount; program++) {
    const first = trace.programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    const count = trace.programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] as number;
    for (let op = first; op < first + count; op++) {
      const name = opNameOf(trace.opU32[op * OP_U32 + OP_CODE] as number);
      assert(name !== undefined);
      ops[name] = (ops[name] ?? 0) + (tasksOf[program] as number);
    }
  }
  return ops;
}
