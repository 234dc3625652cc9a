/** Cheats that pretend to be more than they are: workers, connections, canaries, holds and rests. */
import {
  CANARY_HALVES,
  CANARY_LOCAL_STATE,
  CANARY_STATE,
  canaryCountOf,
  HOLD_HALVES,
  HOLD_WORKER,
  holdCountOf,
  TIMER_HALVES,
  TIMER_STATE,
} from "../../../../reports/rows.ts";
import { laneRow, recordsHeaderRow, taskStates } from "../../../../runtimes/record.ts";
import { Recorder } from "../../../../runtimes/recorder.ts";
import type { Records } from "../../../../runtimes/records.ts";
import type { RuntimeSettings } from "../../../../runtimes/runtime.ts";
import { strideIn } from "../../../../workloads/trace/layout.ts";
import type { Cheat } from "./cheat.ts";

const LANE_WORDS = strideIn(laneRow, "u32");
const THREAD_ID = laneRow.index.threadId;
/** Kernel ids go up to 2^22. */
const NOBODYS_THREAD_ID = 2 ** 22 + 1;

export const pretences: readonly Cheat[] = [
  {
    name: "fewer-workers",
    does: "runs one worker less than it says, and lets one thread stand for two",
    outcome: "diverged",
    because: /workers 0 and 1 say that they are one thread/,
    told: oneWorkerLess,
    onceStarted: ({ records }) => nameThread(records, records.laneU32[THREAD_ID] as number),
    afterwards: moveReleaser,
  },
  {
    name: "invents-a-thread",
    does: "runs one worker less than it says, and makes up the thread of the other",
    outcome: "diverged",
    because: /worker 1 says that it is thread \d+, and there is none/,
    told: oneWorkerLess,
    onceStarted: ({ records }) => nameThread(records, NOBODYS_THREAD_ID),
    afterwards: moveReleaser,
  },
  {
    name: "fewer-connections",
    does: "opens two connections where the trace has four",
    outcome: "diverged",
    because: /the peer saw 2 connections and the trace has 4/,
    told: (settings) => ({ ...settings, trace: { ...settings.trace, connectionCount: 2 } }),
  },
  {
    name: "skips-canaries",
    does: "says of no canary that it ran",
    outcome: "diverged",
    because: /canaries left lying/,
    inWorker: () => {
      Recorder.prototype.canaryRan = () => undefined;
      Recorder.prototype.localRan = () => undefined;
    },
  },
  {
    name: "drops-a-local-canary",
    does: "wipes what a canary spawned",
    outcome: "diverged",
    because: /the local canary of 60 never ran/,
    afterwards: ({ records }) => {
      records.canaryU16[60 * CANARY_HALVES + CANARY_LOCAL_STATE] = taskStates.none;
    },
  },
  {
    name: "drops-a-timer-canary",
    does: "wipes the row of one timer canary",
    outcome: "diverged",
    because: /timer canary 6 never ran/,
    afterwards: ({ records }) => {
      records.timerU16[6 * TIMER_HALVES + TIMER_STATE] = taskStates.none;
    },
  },
  {
    name: "fires-its-timers-early",
    does: "says that timers fired 5 ms before they were due",
    outcome: "diverged",
    because: /timer canary \d+ ran at -?\d+(\.\d+)? ns and was due at/,
    inWorker: () => {
      const { timerRan } = Recorder.prototype;
      Recorder.prototype.timerRan = function (timer, atNs) {
        timerRan.call(this, timer, atNs - 5e6);
      };
    },
  },
  {
    name: "drops-a-canary",
    does: "wipes the row of one canary",
    outcome: "diverged",
    because: /canary 60 has no row/,
    afterwards: ({ records }) => {
      records.canaryU16[60 * CANARY_HALVES + CANARY_STATE] = taskStates.none;
    },
  },
  {
    name: "cuts-its-canaries-short",
    does: "shows only the canaries of the first half",
    outcome: "diverged",
    because: /400 canaries were released and the trace has 800/,
    afterwards: ({ records }) => {
      records.headerI32[recordsHeaderRow.index.canaryCount] = canaryCountOf(records) >> 1;
    },
  },
  {
    name: "hides-its-holds",
    does: "shows no hold: its workers look free",
    outcome: "diverged",
    because: /has 0 hold rows for its 1 blocks/,
    afterwards: ({ records }) => {
      records.headerI32[recordsHeaderRow.index.holdCount] = 0;
    },
  },
  {
    name: "moves-its-holds",
    does: "shows all holds on one worker, so that never all are held",
    outcome: "diverged",
    because: /worker 0 is held twice at once/,
    afterwards: ({ records }) => {
      for (let hold = 0; hold < holdCountOf(records); hold++) {
        records.holdU16[hold * HOLD_HALVES + HOLD_WORKER] = 0;
      }
    },
  },
  {
    name: "rests-twice-at-once",
    does: "records one rest twice",
    outcome: "diverged",
    because: /worker 0 is idle from 0 ns and was until \d/,
    afterwards: ({ records }) => {
      const worker = new Recorder(records, 0);
      for (let rest = 0; rest < 2; rest++) worker.idle(0, 1e6);
    },
  },
];

/** The lane of the last worker is handed to the releaser. */
function oneWorkerLess(settings: RuntimeSettings): RuntimeSettings {
  const { workerCount, records } = settings;
  const shape = { ...records.shape, laneCount: records.shape.laneCount - 1 };
  return { ...settings, workerCount: workerCount - 1, records: { ...records, shape } };
}

/** The releaser gets its own lane back, and the worker that does not exist a thread. */
function nameThread({ laneU32, shape }: Records, threadId: number): void {
  const releaser = (shape.laneCount - 1) * LANE_WORDS + THREAD_ID;
  laneU32[releaser] = laneU32[releaser - LANE_WORDS] as number;
  laneU32[releaser - LANE_WORDS] = threadId;
}

/** What the releaser counted in the lane of the worker goes where it belongs. */
function moveReleaser({ records: { laneU32, shape } }: RuntimeSettings): void {
  const releaser = (shape.laneCount - 1) * LANE_WORDS + laneRow.index.submitted;
  laneU32[releaser] = laneU32[releaser - LANE_WORDS] as number;
  laneU32[releaser - LANE_WORDS] = 0;
}
