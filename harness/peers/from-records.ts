/** The bench's figures, read from the records of a trial. */

import { quantiles } from "../../reports/metrics/quantile.ts";
import { measureThroughput } from "../../reports/metrics/throughput.ts";
import {
  CHECKSUM,
  FINISH,
  HOLD_DOUBLES,
  HOLD_END,
  holdCountOf,
  SUBMITTED,
  TASK_DOUBLES,
  TASK_WORDS,
} from "../../reports/rows.ts";
import { taskRecordRow } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { allocateTasks } from "../../runtimes/tasks.ts";
import { type Trace, taskRow } from "../../workloads/trace/trace.ts";
import type { Figures } from "./job.ts";

/** The checksums of the job's tasks, by id. */
export function checksumsOf(records: Records, firstTask: number): Uint32Array {
  return Uint32Array.from(
    { length: records.shape.taskCount - firstTask },
    (_, task) => records.taskU32[(firstTask + task) * TASK_WORDS + CHECKSUM] as number,
  );
}

export function throughputFigures(trace: Trace, records: Records, firstTask: number): Figures {
  let firstNs = Number.POSITIVE_INFINITY;
  let lastNs = 0;
  for (let task = firstTask; task < trace.taskCount; task++) {
    firstNs = Math.min(firstNs, records.taskF64[task * TASK_DOUBLES + SUBMITTED] as number);
    lastNs = Math.max(lastNs, records.taskF64[task * TASK_DOUBLES + FINISH] as number);
  }
  const { perSecond: throughputPerSecond } = measureThroughput(trace, records);
  return {
    perSecond: ((trace.taskCount - firstTask) * 1e9) / (lastNs - firstNs),
    ...(throughputPerSecond === null ? {} : { throughputPerSecond }),
  };
}

export function latencyFigures(records: Records, firstTask: number): Figures {
  const [p50Ns, p99Ns] = quantiles(responsesNs(records, firstTask), [0.5, 0.99]);
  return p50Ns === undefined || p99Ns === undefined ? {} : { p50Ns, p99Ns };
}

export function blockedFigures(records: Records, firstTask: number, withinNs: number): Figures {
  let blockEndNs = 0;
  for (let hold = 0; hold < holdCountOf(records); hold++) {
    blockEndNs = Math.max(blockEndNs, records.holdF64[hold * HOLD_DOUBLES + HOLD_END] as number);
  }
  const responses = responsesNs(records, firstTask);
  let lateCount = 0;
  for (let task = firstTask; task < records.shape.taskCount; task++) {
    if ((records.taskF64[task * TASK_DOUBLES + FINISH] as number) >= blockEndNs) lateCount++;
  }
  const soonCount = responses.filter((ns) => ns <= withinNs).length;
  return { soonShare: soonCount / responses.length, lateCount };
}

/** Shared memory a task. The task table is that of the TypeScript runtimes; Tokio's tasks stand on its heap. */
export function sharedBytesPerTask(trace: Trace, hasTaskTable: boolean): number {
  const table = hasTaskTable ? Object.values(allocateTasks(trace)) : [];
  const tableBytes = table.reduce((sum: number, column: ArrayBufferView) => sum + column.byteLength, 0);
  return taskRow.strideBytes + taskRecordRow.strideBytes + tableBytes / trace.taskCount;
}

/** Submitted to finish, of each of the job's tasks. */
function responsesNs(records: Records, firstTask: number): Float64Array {
  return Float64Array.from({ length: records.shape.taskCount - firstTask }, (_, index) => {
    const row = (firstTask + index) * TASK_DOUBLES;
    return (records.taskF64[row + FINISH] as number) - (records.taskF64[row + SUBMITTED] as number);
  });
}
