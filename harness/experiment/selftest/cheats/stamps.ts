/** Cheats that do the work and lie about when. */
import {
  CANARY_DOUBLES,
  CANARY_DUE,
  CANARY_RUN,
  CANARY_SUBMITTED,
  canaryCountOf,
  FINISH,
  FIRST_POLL,
  HOLD_DOUBLES,
  HOLD_END,
  HOLD_START,
  HOLD_TASK,
  HOLD_WORDS,
  holdCountOf,
  POLL_COUNT,
  RESUME_WAIT,
  SUBMITTED,
  TASK_DOUBLES,
  TASK_WORDS,
} from "../../../../reports/rows.ts";
import { ideal } from "../../../../runtimes/ideal/ideal.ts";
import { laneRow, recordsHeaderRow } from "../../../../runtimes/record.ts";
import { Recorder } from "../../../../runtimes/recorder.ts";
import { allocateRecords, type Records } from "../../../../runtimes/records.ts";
import type { RuntimeSettings } from "../../../../runtimes/runtime.ts";
import type { LoopSettings } from "../../../../runtimes/thread.ts";
import { strideIn } from "../../../../workloads/trace/layout.ts";
import { BLOCK } from "../../../../workloads/trace/op.ts";
import {
  NO_DUE,
  OP_A,
  OP_F64,
  TASK_CLASS,
  TASK_DUE,
  TASK_F64,
  TASK_U32,
} from "../../../../workloads/trace/trace.ts";
import { type Cheat, retold, withOps } from "./cheat.ts";

const LANE_WORDS = strideIn(laneRow, "u32");
const LITTLES_LAW = /Little's law/;

export const stamps: readonly Cheat[] = [
  {
    name: "lies-about-start",
    does: "says that every task started the moment it was handed over: nobody waits",
    outcome: "diverged",
    because: /was first polled at \d+(\.\d+)? ns by worker \d, which was held then/,
    inWorker: ({ records }) =>
      onFirstPoll(records, (row) => {
        records.taskF64[row + FIRST_POLL] = records.taskF64[row + SUBMITTED] as number;
      }),
  },
  {
    name: "lies-about-finish",
    does: "says that every task ended as soon as it had started",
    outcome: "diverged",
    because: /from first poll to finish, held workers for \d+/,
    inWorker: ({ records }) =>
      onFinish((task) => records.taskF64[task * TASK_DOUBLES + FIRST_POLL] as number),
  },
  {
    name: "lies-about-replies",
    does: "says that whoever waited for a reply had it at once, where no rule for a single task forbids it",
    outcome: "completed",
    because: LITTLES_LAW,
    inWorker: ({ trace, records }) => {
      const request = trace.classes.findIndex(({ name }) => name === "request");
      onFinish((task, atNs) => {
        if (trace.taskU32[task * TASK_U32 + TASK_CLASS] !== request) return atNs;
        records.taskF64[task * TASK_DOUBLES + RESUME_WAIT] = 0;
        return records.taskF64[task * TASK_DOUBLES + FIRST_POLL] as number;
      });
    },
  },
  {
    name: "lies-about-submission",
    does: "says that what follows another task was handed over only when it was polled: it never waited",
    outcome: "completed",
    because: LITTLES_LAW,
    inWorker: ({ trace, records }) =>
      onFirstPoll(records, (row, task) => {
        if (trace.taskF64[task * TASK_F64 + TASK_DUE] !== NO_DUE) return;
        records.taskF64[row + SUBMITTED] = records.taskF64[row + FIRST_POLL] as number;
      }),
  },
  {
    name: "pretends-to-block",
    does: "performs no block and writes the holds that it should have had",
    outcome: "diverged",
    because: /which was held then|is held twice at once|and held at \d+/,
    told: (settings) => ({
      ...settings,
      trace: withOps(settings.trace, BLOCK, (copy, op) => {
        copy.opF64[op * OP_F64 + OP_A] = 0;
      }),
    }),
    inWorker: pretendToBlock,
  },
  {
    name: "runs-lazily",
    does: "does nothing for the whole window, then everything in one go, and stamps it as if each had run when due",
    outcome: "diverged",
    because: /which was held then|is held twice at once|and held at \d+|which rested then/,
    told: lazily,
    afterwards: stampAsDue,
  },
  {
    name: "shows-model-records",
    does: "does everything lazily, in one go, and shows the records of `ideal` instead of its own: they contradict nothing but the witness",
    outcome: "completed",
    because: LITTLES_LAW,
    told: lazily,
    afterwards: showTheModels,
  },
  {
    name: "runs-canaries-late-and-stamps-them-early",
    does: "says that canaries ran the moment they were handed over",
    outcome: "diverged",
    because: /canary \d+ ran at \d+(\.\d+)? ns on worker \d, which was held then/,
    inWorker: ({ records }) => {
      const { canaryRan } = Recorder.prototype;
      Recorder.prototype.canaryRan = function (canary) {
        canaryRan.call(this, canary, records.canaryF64[canary * CANARY_DOUBLES + CANARY_SUBMITTED] as number);
      };
    },
  },
  {
    name: "re-arms-its-canaries",
    does: "counts a canary's delay from when there was time for it: coordinated omission",
    outcome: "diverged",
    because: /canary \d+ says it was due at/,
    afterwards: ({ records }) => onLateCanaries(records, CANARY_DUE),
  },
  {
    name: "blames-the-load",
    does: "says that late canaries were handed over late: the generator's fault",
    outcome: "diverged",
    because: /was handed over at \d+(\.\d+)? ns, and what was due before it at \d+/,
    afterwards: ({ records }) => onLateCanaries(records, CANARY_SUBMITTED),
  },
];

function onFirstPoll(records: Records, tamper: (row: number, task: number) => void): void {
  const { pollStarts } = Recorder.prototype;
  Recorder.prototype.pollStarts = function (task, atNs, readyNs) {
    const startedNs = pollStarts.call(this, task, atNs, readyNs);
    if (records.taskU32[task * TASK_WORDS + POLL_COUNT] === 1) tamper(task * TASK_DOUBLES, task);
    return startedNs;
  };
}

function onFinish(toldNs: (task: number, atNs: number) => number): void {
  const { finished } = Recorder.prototype;
  Recorder.prototype.finished = function (task, atNs, checksum) {
    finished.call(this, task, toldNs(task, atNs), checksum);
  };
}

function pretendToBlock({ records }: LoopSettings): void {
  const LENGTH_NS = 20e6;
  const { held } = Recorder.prototype;
  const isBlocker = new Uint8Array(records.shape.taskCount);
  Recorder.prototype.held = function (task, op, startNs, endNs) {
    if (op === BLOCK) isBlocker[task] = 1;
    held.call(this, task, op, startNs, op === BLOCK ? startNs + LENGTH_NS : endNs);
  };
  onFinish((task, atNs) => (isBlocker[task] === 1 ? atNs + LENGTH_NS : atNs));
}

/** Everything is due at the end of the window. */
function lazily(settings: RuntimeSettings): RuntimeSettings {
  return {
    ...settings,
    trace: retold(settings.trace, ({ taskF64, rootCount, windowNs }) => {
      for (let root = 0; root < rootCount; root++) taskF64[root * TASK_F64 + TASK_DUE] = windowNs - 1;
    }),
  };
}

/** Shifts what is due by itself, with its holds, to where it was due. */
function stampAsDue({ trace, records }: RuntimeSettings): void {
  const earlierNs = new Float64Array(trace.taskCount);
  for (let root = 0; root < trace.rootCount; root++) {
    const row = root * TASK_DOUBLES;
    const dueNs = trace.taskF64[root * TASK_F64 + TASK_DUE] as number;
    const shiftNs = (records.taskF64[row + FIRST_POLL] as number) - dueNs;
    records.taskF64[row + SUBMITTED] = dueNs;
    records.taskF64[row + FIRST_POLL] = dueNs;
    records.taskF64[row + FINISH] = (records.taskF64[row + FINISH] as number) - shiftNs;
    earlierNs[root] = shiftNs;
  }
  for (let hold = 0; hold < holdCountOf(records); hold++) {
    const shiftNs = earlierNs[records.holdU32[hold * HOLD_WORDS + HOLD_TASK] as number] as number;
    for (const field of [HOLD_START, HOLD_END]) {
      const at = hold * HOLD_DOUBLES + field;
      records.holdF64[at] = (records.holdF64[at] as number) - shiftNs;
    }
  }
}

/** All but the ticks, the words of the witness and the threads' names. */
async function showTheModels(settings: RuntimeSettings): Promise<void> {
  const { records } = settings;
  const model = allocateRecords(records.shape);
  await (await ideal.start({ ...settings, options: {}, records: model })).execute();
  const { lanesAt, ticksAt, stretchesAt, endBytes } = records.sections;
  const threadIds = Array.from(
    { length: records.shape.laneCount },
    (_, lane) => records.laneU32[lane * LANE_WORDS + laneRow.index.threadId] as number,
  );
  records.bytes.set(model.bytes.subarray(lanesAt, ticksAt), lanesAt);
  records.bytes.set(model.bytes.subarray(stretchesAt, endBytes), stretchesAt);
  threadIds.forEach((id, lane) => {
    records.laneU32[lane * LANE_WORDS + laneRow.index.threadId] = id;
  });
  for (const field of ["canaryCount", "holdCount"] as const) {
    const at = recordsHeaderRow.index[field];
    records.headerI32[at] = model.headerI32[at] as number;
  }
}

/** Moves an earlier stamp of each canary that was more than 2 ms late to just before it ran. */
function onLateCanaries(records: Records, field: number): void {
  for (let canary = 0; canary < canaryCountOf(records); canary++) {
    const row = canary * CANARY_DOUBLES;
    const runNs = records.canaryF64[row + CANARY_RUN] as number;
    if (runNs - (records.canaryF64[row + field] as number) > 2e6) records.canaryF64[row + field] = runNs - 1;
  }
}
