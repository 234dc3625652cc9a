/** Cheats that leave out work, shorten it or do it twice. */
import { CHECKSUM, STARTS, STATE, TASK_BYTES, TASK_WORDS } from "../../../../reports/rows.ts";
import { Interpreter } from "../../../../runtimes/interpreter.ts";
import { laneRow, taskStates } from "../../../../runtimes/record.ts";
import { Recorder } from "../../../../runtimes/recorder.ts";
import type { RuntimeSettings } from "../../../../runtimes/runtime.ts";
import { Sockets } from "../../../../runtimes/sockets.ts";
import { strideIn } from "../../../../workloads/trace/layout.ts";
import { BLOCK, CPU, JOIN, SLEEP } from "../../../../workloads/trace/op.ts";
import { fillPayload, payloadResult } from "../../../../workloads/trace/payload.ts";
import { referenceChecksums } from "../../../../workloads/trace/reference.ts";
import { Stepper } from "../../../../workloads/trace/step.ts";
import {
  OP_A,
  OP_COUNT,
  OP_F64,
  OP_U32,
  TASK_CLASS,
  TASK_U32,
  type Trace,
} from "../../../../workloads/trace/trace.ts";
import { type Cheat, withOps } from "./cheat.ts";

const LANE_WORDS = strideIn(laneRow, "u32");
/** What a kernel unit is said to take. */
const UNIT_NS = 2.5;

export const omissions: readonly Cheat[] = [
  {
    name: "drops-a-task",
    does: "never polls one task, and saves its work",
    outcome: "diverged",
    because: /1 task \(the first is task \d+\) left lying/,
    inWorker: ({ trace }) => pollOnly((task) => task !== firstMeasured(trace)),
  },
  {
    name: "claims-to-be-done",
    does: "polls every other victim only and counts the rest as done, so that the trial ends",
    outcome: "diverged",
    because: /the trial ended before its cut-off/,
    inWorker: ({ trace, records, worker }) => {
      pollOnly((task) => {
        const isLeftOut =
          task % 2 === 1 && trace.taskU32[task * TASK_U32 + TASK_CLASS] === trace.measuredClass;
        const done = worker * LANE_WORDS + laneRow.index.done;
        if (isLeftOut) records.laneU32[done] = (records.laneU32[done] as number) + 1;
        return !isLeftOut;
      });
    },
  },
  {
    name: "runs-one-twice",
    does: "polls a task again that has ended",
    outcome: "diverged",
    because: /was started 2 times/,
    inWorker: ({ trace }) => pollTwice(firstMeasured(trace), () => undefined),
  },
  {
    name: "hides-a-repetition",
    does: "polls a task again that has ended, and says that it started it once",
    outcome: "diverged",
    because: /the workers count \d+ tasks started and the rows say/,
    inWorker: ({ trace, records }) =>
      pollTwice(firstMeasured(trace), (task) => {
        records.taskU8[task * TASK_BYTES + STARTS] = 1;
      }),
  },
  {
    name: "wrong-checksum",
    does: "answers one task with another result than its work has",
    outcome: "diverged",
    because: /has the checksum \d+ and the reference says/,
    inWorker: ({ trace }) => {
      const victim = firstMeasured(trace);
      const { finished } = Recorder.prototype;
      Recorder.prototype.finished = function (task, atNs, checksum) {
        finished.call(this, task, atNs, task === victim ? checksum ^ 1 : checksum);
      };
    },
  },
  {
    name: "skips-blocks",
    does: "performs no block: its workers are never held",
    outcome: "diverged",
    because: /held a worker for \d+(\.\d+)? ns and its blocks take 20000000 ns/,
    told: (settings) => ({ ...settings, trace: withOps(settings.trace, BLOCK, lengthen(0)) }),
  },
  {
    name: "shortens-blocks",
    does: "blocks for 15 of 20 ms",
    outcome: "diverged",
    because: /held a worker for 1[5-9]\d{6}(\.\d+)? ns and its blocks take 20000000 ns/,
    told: (settings) => ({ ...settings, trace: withOps(settings.trace, BLOCK, lengthen(0.75)) }),
  },
  {
    name: "skips-sleeps",
    does: "wakes its sleepers at once",
    outcome: "diverged",
    because: /its blocks and sleeps take 4000000 ns/,
    told: (settings) => ({ ...settings, trace: withOps(settings.trace, SLEEP, lengthen(0)) }),
  },
  {
    name: "skips-joins",
    does: "lets parents end before their children",
    outcome: "diverged",
    because: /ended before task \d+, which it joins/,
    told: (settings) => ({
      ...settings,
      trace: withOps(settings.trace, JOIN, (copy, op) => {
        copy.opU32[op * OP_U32 + OP_COUNT] = 0;
      }),
    }),
  },
  {
    name: "skips-computing",
    does: "burns no CPU, and copies the results from a cache",
    outcome: "diverged",
    because: /no processor does its \d+ units in that/,
    told: (settings) => ({ ...settings, trace: withOps(settings.trace, CPU, lengthen(0)) }),
    afterwards: copyResults,
  },
  {
    name: "sleeps-instead-of-computing",
    does: "holds its workers as long as the work would take, without doing it, and copies the results from a cache",
    outcome: "diverged",
    because: /the workers took \d+ ns of CPU, and no processor does the \d+ units of their tasks in less/,
    inWorker: sleepInsteadOfComputing,
    afterwards: copyResults,
  },
  {
    name: "answers-its-own-requests",
    does: "sends nothing and makes up the replies",
    outcome: "diverged",
    because: /the peer counted 0 requests/,
    inWorker: () => {
      Sockets.prototype.send = function (task, { seed, bytes, replyDelayNs }) {
        const payload = new Uint8Array(bytes);
        fillPayload(payload, seed);
        const sentNs = Number(process.hrtime.bigint()) + replyDelayNs;
        const result = payloadResult(payload);
        this.pendingCount++;
        setTimeout(() => {
          this.pendingCount--;
          this.onReply(task, sentNs, result);
        }, replyDelayNs / 1e6);
      };
    },
  },
];

function lengthen(factor: number): (copy: Trace, op: number) => void {
  return (copy, op) => {
    copy.opF64[op * OP_F64 + OP_A] = Math.round((copy.opF64[op * OP_F64 + OP_A] as number) * factor);
  };
}

function firstMeasured(trace: Trace): number {
  for (let task = 0; task < trace.taskCount; task++) {
    if (trace.taskU32[task * TASK_U32 + TASK_CLASS] === trace.measuredClass) return task;
  }
  throw new Error("the trace has no task of its measured class");
}

function pollOnly(isPolled: (task: number) => boolean): void {
  const { poll } = Interpreter.prototype;
  Interpreter.prototype.poll = function (task) {
    if (isPolled(task)) poll.call(this, task);
  };
}

function pollTwice(victim: number, afterwards: (task: number) => void): void {
  const { poll } = Interpreter.prototype;
  Interpreter.prototype.poll = function (task) {
    poll.call(this, task);
    if (task !== victim) return;
    poll.call(this, task);
    afterwards(task);
  };
}

function sleepInsteadOfComputing(): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const { step } = Stepper.prototype;
  Stepper.prototype.step = function (result) {
    const op = step.call(this, result);
    if (op === CPU) {
      Atomics.wait(sleeper, 0, 0, (this.a * UNIT_NS) / 1e6);
      this.a = 0;
    }
    return op;
  };
}

function copyResults({ trace, records }: RuntimeSettings): void {
  const checksums = referenceChecksums(trace);
  for (let task = 0; task < trace.taskCount; task++) {
    if (records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) continue;
    records.taskU32[task * TASK_WORDS + CHECKSUM] = checksums[task] as number;
  }
}
