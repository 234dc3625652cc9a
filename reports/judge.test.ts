import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { PeerReport, TrialFacts } from "../harness/trial/trial.ts";
import { laneRow, recordsHeaderRow, taskStates } from "../runtimes/record.ts";
import { strideIn } from "../workloads/trace/layout.ts";
import { BLOCK, CPU, ECHO, SLEEP } from "../workloads/trace/op.ts";
import { referenceChecksums } from "../workloads/trace/reference.ts";
import { closedLoad, dueAt, everyOp, MS, openLoad } from "./fixtures/compositions.ts";
import { caseOf, liveResources, runHonestly, type Scene, sceneOf, sealAt } from "./fixtures/scene.ts";
import { type Case, countsOf, divergedBecause, resultHashOf } from "./judge.ts";
import {
  CANARY_DOUBLES,
  CANARY_DUE,
  CANARY_HALVES,
  CANARY_LOCAL_RUN,
  CANARY_LOCAL_STATE,
  CANARY_RUN,
  CANARY_STATE,
  CANARY_SUBMITTED,
  CHECKSUM,
  FINISH,
  FIRST_POLL,
  HELD,
  HOLD_DOUBLES,
  HOLD_END,
  HOLD_OP,
  HOLD_START,
  HOLD_TASK,
  HOLD_WORDS,
  HOLD_WORKER,
  POLL_COUNT,
  RESUME_WAIT,
  STARTS,
  STATE,
  STRETCH_DOUBLES,
  STRETCH_END,
  STRETCH_KIND,
  STRETCH_START,
  STRETCH_WORKER,
  SUBMITTED,
  TASK_BYTES,
  TASK_DOUBLES,
  TASK_WORDS,
  TIMER_DOUBLES,
  TIMER_DUE,
  TIMER_HALVES,
  TIMER_RUN,
  TIMER_STATE,
} from "./rows.ts";

const canaries = { periodNs: MS };

const peer: PeerReport = {
  connectionCount: 2,
  requestCount: 2,
  bytesIn: 200,
  bytesOut: 200,
  cpuNs: 0,
  coreShare: 0.1,
};

/** Tasks of `everyOp`, by id: 0 and 1 block, 2 sleeps, 3 and 4 echo, 5 spawns 6 and 7 and joins them. */
const honest = (): Scene => runHonestly(sceneOf(everyOp, canaries, 2));
/** Forty tasks, task k + 4 follows task k after 2 ms. */
const honestClosed = (): Scene => runHonestly(sceneOf(closedLoad, canaries));

test.each([
  ["an open loop of every op", (): Case => caseOf(honest(), { peer })],
  ["a closed loop with think times", (): Case => caseOf(honestClosed())],
  ["a load without canaries", (): Case => caseOf(runHonestly(sceneOf(everyOp)), { peer })],
])("the identity of an honest run is proven: %s", (_, honestCase) => {
  expect(divergedBecause(honestCase())).toEqual([]);
});

function doubles(field: number, task: number): (scene: Scene, value: number) => void {
  return ({ records }, value) => {
    records.taskF64[task * TASK_DOUBLES + field] = value;
  };
}

function lane(field: keyof typeof laneRow.index, lane: number, op = 0): number {
  const stride = strideIn(laneRow, field.endsWith("Ns") ? "f64" : "u32");
  return lane * stride + laneRow.index[field] + op;
}

interface Cheat {
  readonly what: string;
  readonly scene: () => Scene;
  readonly cheat: (scene: Scene) => void;
  readonly facts?: Partial<TrialFacts>;
  readonly reason: RegExp;
}

/** What the runtime, or whoever forges its records, does wrong, and the sentence that says so. */
const cheats: readonly Cheat[] = [
  {
    what: "runs a task twice",
    scene: honest,
    cheat: ({ workers, records }) => {
      workers[1]?.pollStarts(2, 99 * MS, 98 * MS);
      records.taskU8[2 * TASK_BYTES + STATE] = taskStates.done;
    },
    reason: /task 2 was started 2 times/,
  },
  {
    what: "claims a task it never started",
    scene: honest,
    cheat: ({ records }) => {
      records.taskU8[2 * TASK_BYTES + STARTS] = 0;
    },
    reason: /task 2 is done and was never started/,
  },
  {
    what: "computes a wrong checksum",
    scene: honest,
    cheat: ({ records }) => {
      records.taskU32[3 * TASK_WORDS + CHECKSUM] = 7;
    },
    reason: /task 3 has the checksum 7 and the reference says \d+$/m,
  },
  {
    what: "swaps the checksums of two tasks",
    scene: honest,
    cheat: ({ records }) => {
      const words = records.taskU32;
      const third = words[3 * TASK_WORDS + CHECKSUM] as number;
      words[3 * TASK_WORDS + CHECKSUM] = words[4 * TASK_WORDS + CHECKSUM] as number;
      words[4 * TASK_WORDS + CHECKSUM] = third;
    },
    reason: /task 3 has the checksum .* \(and 1 more like it\)/,
  },
  {
    what: "drops a task and says the trial is over",
    scene: honest,
    cheat: ({ records }) => {
      records.taskU8[4 * TASK_BYTES + STATE] = taskStates.submitted;
    },
    reason: /8 tasks were planned; 7 are done/,
  },
  {
    what: "leaves tasks unserved and ends before the cut-off",
    scene: honest,
    cheat: ({ records }) => {
      records.taskU8[4 * TASK_BYTES + STATE] = taskStates.unserved;
    },
    reason: /ended before its cut-off, and of 8 tasks 7 are done, 0 failed, 0 cancelled, 1 unserved/,
  },
  {
    what: "polls before the task was submitted",
    scene: honest,
    cheat: (scene) => doubles(SUBMITTED, 1)(scene, 21 * MS),
    reason: /task 1 was first polled at \d+ ns and submitted at 21000000 ns/,
  },
  {
    what: "writes no number as the first poll",
    scene: honest,
    cheat: (scene) => doubles(FIRST_POLL, 1)(scene, Number.NaN),
    reason: /task 1 was first polled at NaN ns/,
  },
  {
    what: "finishes before it polls",
    scene: honest,
    cheat: (scene) => doubles(FINISH, 3)(scene, 59 * MS),
    reason: /task 3 finished at 59000000 ns and was first polled/,
  },
  {
    what: "writes a negative resume wait",
    scene: honest,
    cheat: (scene) => doubles(RESUME_WAIT, 2)(scene, -1),
    reason: /task 2 has a resume wait of -1 ns/,
  },
  {
    what: "is done without a poll",
    scene: honest,
    cheat: ({ records }) => {
      records.taskU32[2 * TASK_WORDS + POLL_COUNT] = 0;
    },
    reason: /task 2 is done and was never polled/,
  },
  {
    what: "submits before the task is due",
    scene: honest,
    cheat: (scene) => doubles(SUBMITTED, 1)(scene, 20 * MS - 2000),
    reason: /task 1 was submitted at 19998000 ns and due at 20000000 ns/,
  },
  {
    what: "claims a block it did not hold",
    scene: honest,
    cheat: (scene) => doubles(HELD, 0)(scene, 4.8 * MS),
    reason: /task 0 held a worker for 4800000 ns and its blocks take 5000000 ns/,
  },
  {
    what: "claims to have finished early",
    scene: honest,
    cheat: (scene) => doubles(FINISH, 2)(scene, 42 * MS),
    reason: /task 2 took \d+ ns from first poll to finish and its blocks and sleeps take 5000000 ns/,
  },
  {
    what: "starts a successor before its predecessor ended",
    scene: honestClosed,
    cheat: (scene) => doubles(SUBMITTED, 4)(scene, 0),
    reason: /task 4 went on at 0 ns and follows task 0, which let it at \d+ ns/,
  },
  {
    what: "starts a successor whose predecessor never ended",
    scene: honestClosed,
    cheat: ({ records }) => {
      records.taskU8[0 * TASK_BYTES + STATE] = taskStates.unserved;
    },
    reason: /task 4 went on at \d+ ns and follows task 0, which never ended/,
  },
  {
    what: "submits a child before its parent was polled",
    scene: honest,
    cheat: (scene) => doubles(SUBMITTED, 6)(scene, 79 * MS),
    reason: /task 6 was submitted at 79000000 ns, before its parent 5 was polled/,
  },
  {
    what: "ends a parent before the child it joins",
    scene: honest,
    cheat: (scene) => doubles(FINISH, 7)(scene, 90 * MS),
    reason: /task 5 ended before task 7, which it joins/,
  },
  {
    what: "loses the hold row of a block",
    scene: honest,
    cheat: ({ records }) => {
      records.holdU16[HOLD_OP] = CPU;
    },
    reason: /task 0 has 0 hold rows for its 1 blocks/,
  },
  {
    what: "shortens the hold row of a block",
    scene: honest,
    cheat: ({ records }) => {
      records.holdF64[HOLD_END] = (records.holdF64[HOLD_START] as number) + MS;
    },
    reason: /the holds of task 0 last 1000000 ns and its blocks take 5000000 ns/,
  },
  {
    what: "writes a hold of a worker that does not exist",
    scene: honest,
    cheat: ({ records }) => {
      records.holdU16[HOLD_WORKER] = 2;
    },
    reason: /hold 0 says that task 0 held worker 2/,
  },
  {
    what: "holds one worker twice at once",
    scene: honest,
    cheat: ({ records }) => {
      records.holdF64[HOLD_DOUBLES + HOLD_START] = records.holdF64[HOLD_START] as number;
      records.holdF64[HOLD_DOUBLES + HOLD_END] = (records.holdF64[HOLD_START] as number) + 5 * MS;
      expect(records.holdU32[HOLD_WORDS + HOLD_TASK]).toBe(1);
    },
    reason: /worker 0 is held twice at once/,
  },
  {
    what: "rests while a task holds its worker",
    scene: honest,
    cheat: ({ records }) => {
      records.stretchF64[STRETCH_START] = 2 * MS;
    },
    reason: /worker 0 is idle from 2000000 to \d+ ns and held at \d+ ns/,
  },
  {
    what: "rests twice at once",
    scene: honest,
    cheat: ({ records }) => {
      records.stretchF64[STRETCH_DOUBLES + STRETCH_START] =
        (records.stretchF64[STRETCH_END] as number) - 2000;
    },
    reason: /worker 0 is idle from \d+ ns and was until \d+/,
  },
  ...(
    [
      ["of another worker", ({ records }: Scene) => records.stretchU16.set([1], STRETCH_WORKER)],
      ["of no kind", ({ records }: Scene) => records.stretchU16.set([0], STRETCH_KIND)],
      ["before the epoch", ({ records }: Scene) => records.stretchF64.set([-1], STRETCH_START)],
      ["that ends before it begins", ({ records }: Scene) => records.stretchF64.set([MS], STRETCH_END)],
      ["that ends long after the trial", ({ records }: Scene) => records.stretchF64.set([2e9], STRETCH_END)],
      ["of no number", ({ records }: Scene) => records.stretchF64.set([Number.NaN], STRETCH_END)],
    ] as const
  ).map(
    ([what, cheat]): Cheat => ({
      what: `writes a stretch ${what}`,
      scene: honest,
      cheat,
      reason: /a stretch of worker 0 says that it is of worker \d, of kind \d, from -?\d+ to (NaN|\d+) ns/,
    }),
  ),
  {
    what: "was idle for less than its stretches",
    scene: honest,
    cheat: ({ records }) => {
      records.laneF64[lane("idleNs", 0)] = MS;
    },
    reason: /worker 0 was idle for 1000000 ns of \d+, its rows alone say \d+ ns/,
  },
  {
    what: "was idle for longer than the trial",
    scene: honest,
    cheat: ({ records }) => {
      records.laneF64[lane("idleNs", 1)] = 2e9;
    },
    reason: /worker 1 was idle for 2000000000 ns of \d+, its rows alone say 0 ns/,
  },
  {
    what: "hides a pause of the collector",
    scene: honest,
    cheat: ({ records }) => {
      records.laneF64[lane("gcNs", 0)] = 0;
      records.laneF64[lane("gcNs", 1)] = MS;
    },
    reason: /worker 1 paused for 1000000 ns and its rows say 0 ns/,
  },
  {
    what: "loses the last canary",
    scene: honest,
    cheat: ({ records }) => {
      records.headerI32[recordsHeaderRow.index.canaryCount] = 99;
    },
    reason: /99 canaries were released and the trace has 100 until its end/,
  },
  {
    what: "loses a canary's row",
    scene: honest,
    cheat: ({ records }) => {
      records.canaryU16[50 * CANARY_HALVES + CANARY_STATE] = taskStates.none;
    },
    reason: /canary 50 has no row/,
  },
  {
    what: "moves a canary",
    scene: honest,
    cheat: ({ records }) => {
      records.canaryF64[50 * CANARY_DOUBLES + CANARY_DUE] = 51 * MS;
    },
    reason: /canary 50 says it was due at 51000000 ns/,
  },
  {
    what: "submits a canary before it is due",
    scene: honest,
    cheat: ({ records }) => {
      records.canaryF64[50 * CANARY_DOUBLES + CANARY_SUBMITTED] = 40 * MS;
    },
    reason: /canary 50 was submitted at 40000000 ns/,
  },
  {
    what: "runs a canary before it was submitted",
    scene: honest,
    cheat: ({ records }) => {
      records.canaryF64[50 * CANARY_DOUBLES + CANARY_RUN] = Number.NaN;
    },
    reason: /canary 50 ran at NaN ns/,
  },
  {
    what: "never runs a canary",
    scene: honest,
    cheat: ({ records }) => {
      records.canaryU16[50 * CANARY_HALVES + CANARY_STATE] = taskStates.submitted;
    },
    reason: /canary 50 never ran, and the trial was not cut off/,
  },
  {
    what: "never runs a local canary",
    scene: honest,
    cheat: ({ records }) => {
      records.canaryU16[50 * CANARY_HALVES + CANARY_LOCAL_STATE] = taskStates.submitted;
    },
    reason: /the local canary of 50 never ran, and the trial was not cut off/,
  },
  {
    what: "runs a local canary before it was spawned",
    scene: honest,
    cheat: ({ records }) => {
      records.canaryF64[50 * CANARY_DOUBLES + CANARY_LOCAL_RUN] = 49 * MS;
    },
    reason: /the local canary of 50 ran at 49000000 ns/,
  },
  {
    what: "tells of fewer timer canaries",
    scene: honest,
    cheat: ({ records }) => {
      records.headerI32[recordsHeaderRow.index.timerCount] = 9;
    },
    reason: /9 timer canaries are told of and the trace has 10 until its end/,
  },
  {
    what: "never runs a timer canary",
    scene: honest,
    cheat: ({ records }) => {
      records.timerU16[5 * TIMER_HALVES + TIMER_STATE] = taskStates.submitted;
    },
    reason: /timer canary 5 never ran, and the trial was not cut off/,
  },
  {
    what: "moves a timer canary",
    scene: honest,
    cheat: ({ records }) => {
      records.timerF64[5 * TIMER_DOUBLES + TIMER_DUE] = 51 * MS;
    },
    reason: /timer canary 5 says it was due at 51000000 ns/,
  },
  {
    what: "fires a timer before it is due",
    scene: honest,
    cheat: ({ records }) => {
      records.timerF64[5 * TIMER_DOUBLES + TIMER_RUN] = 40 * MS;
    },
    reason: /timer canary 5 ran at 40000000 ns/,
  },
  {
    what: "loses the last canary of a counted load",
    scene: honestClosed,
    cheat: ({ records }) => {
      const at = recordsHeaderRow.index.canaryCount;
      records.headerI32[at] = (records.headerI32[at] as number) - 1;
    },
    reason: /\d+ canaries were released and the trace has \d+ until its end/,
  },
  ...(["done", "submitted", "started", "failed", "cancelled"] as const).map(
    (field): Cheat => ({
      what: `counts one task ${field} too many`,
      scene: honest,
      cheat: ({ records }) => {
        records.laneU32[lane(field, 1)] = (records.laneU32[lane(field, 1)] as number) + 1;
      },
      reason: new RegExp(`the workers count \\d+ tasks ${field} and the rows say \\d+`),
    }),
  ),
  {
    what: "counts a poll too many",
    scene: honest,
    cheat: ({ records }) => {
      records.laneU32[lane("polls", 1)] = 1;
    },
    reason: /the workers count \d+ polls and the rows say \d+/,
  },
  ...(
    [
      ["block", BLOCK],
      ["sleep", SLEEP],
      ["echo", ECHO],
      ["cpu", CPU],
    ] as const
  ).flatMap(([name, code]): Cheat[] => [
    {
      what: `performs one ${name} too many`,
      scene: honest,
      cheat: ({ workers }) => workers[1]?.performed(code, 0),
      reason: new RegExp(`\\d+ ${name} ops were performed and the tasks that are done imply \\d+`),
    },
    {
      what: `performs one ${name} too few`,
      scene: honest,
      cheat: ({ records }) => {
        const at = lane("opCount", 0, code);
        records.laneU32[at] = (records.laneU32[at] as number) - 1;
      },
      reason: new RegExp(`\\d+ ${name} ops were performed and the tasks that are done imply \\d+`),
    },
  ]),
  {
    what: "cuts a block short",
    scene: honest,
    cheat: ({ records }) => {
      records.laneF64[lane("shortestNs", 0, BLOCK)] = -51e3;
    },
    reason: /a block was 51000 ns shorter than its nominal length; 50000 ns are allowed/,
  },
  {
    what: "cuts a sleep short",
    scene: honest,
    cheat: ({ records }) => {
      records.laneF64[lane("shortestNs", 1, SLEEP)] = -1.1 * MS;
    },
    reason: /a sleep was 1100000 ns shorter than its nominal length; 1000000 ns are allowed/,
  },
  {
    what: "opens fewer connections",
    scene: honest,
    cheat: () => undefined,
    facts: { peer: { ...peer, connectionCount: 1 } },
    reason: /the peer saw 1 connections and the trace has 2/,
  },
  {
    what: "makes up a reply",
    scene: honest,
    cheat: () => undefined,
    facts: { peer: { ...peer, requestCount: 1 } },
    reason: /the peer counted 1 requests and the tasks that are done imply 2/,
  },
  {
    what: "sends fewer bytes",
    scene: honest,
    cheat: () => undefined,
    facts: { peer: { ...peer, bytesIn: 199 } },
    reason: /the peer counted 199 bytes in and the tasks that are done imply 200/,
  },
  {
    what: "gets more bytes back",
    scene: honest,
    cheat: () => undefined,
    facts: { peer: { ...peer, bytesOut: 201 } },
    reason: /the peer counted 201 bytes out and the tasks that are done imply 200/,
  },
  {
    what: "brings no report of the peer from a live trial",
    scene: honest,
    cheat: () => undefined,
    facts: {
      peer: null,
      resources: liveResources,
    },
    reason: /the peer's counts are missing/,
  },
];

test.each(cheats)("a runtime that $what has diverged", ({ scene, cheat, facts, reason }) => {
  const played = scene();
  cheat(played);
  expect(
    divergedBecause(caseOf(played, { peer: played.trace.connectionCount > 0 ? peer : null, ...facts })).join(
      "\n",
    ),
  ).toMatch(reason);
});

test("another trace than the planned one, or records of another trial, are not looked into", () => {
  const trial = caseOf(honest(), { peer });
  expect(divergedBecause({ ...trial, plannedHash: "0".repeat(64) })).toEqual([
    expect.stringMatching(/^the trace executed is [0-9a-f]{64} and the one planned is 0{64}$/),
  ]);
  expect(divergedBecause({ ...trial, workerCount: 3 })).toEqual([
    "the records are of 8 tasks on 2 workers and the trial is of 8 on 3",
  ]);
});

/** Ten tasks of 1 ms on one worker; the last three are unserved. */
function cutOff(finishNs: (task: number) => number): Scene {
  const scene = sceneOf(
    openLoad([dueAt(new Array<number>(10).fill(0), [{ op: "cpu", units: 1 }])], 100 * MS),
  );
  const worker = scene.workers[0];
  const checksums = referenceChecksums(scene.trace);
  for (let task = 0; task < 10; task++) {
    scene.releaser.submitted(task, 0);
    if (task >= 7) continue;
    worker?.pollStarts(task, finishNs(task) - MS, 0);
    worker?.held(task, CPU, finishNs(task) - MS, finishNs(task));
    worker?.performed(CPU, 0);
    worker?.finished(task, finishNs(task), checksums[task] as number);
  }
  for (let task = 7; task < 10; task++) {
    scene.records.taskU8[task * TASK_BYTES + STATE] = taskStates.unserved;
  }
  sealAt(scene, scene.trace.windowNs + scene.trace.drainNs);
  return scene;
}

test("a runtime that is still at work at the cut-off is only slow; one that had stopped lost the tasks", () => {
  const slow = cutOff((task) => (task + 1) * 700 * MS);
  expect(divergedBecause(caseOf(slow))).toEqual([]);
  const lost = caseOf(cutOff((task) => (task + 1) * MS));
  expect(divergedBecause(lost)).toEqual([
    "3 tasks (the first is task 7) left lying: nothing started or ended in the last 5.1 s before the cut-off",
  ]);
  // A runtime that never came back hangs: that is a time-out, not a lie.
  expect(divergedBecause({ ...lost, facts: { ...lost.facts, runtimeReturned: false } })).toEqual([]);
});

test("pauses that found no room are in the sum alone, and sums are looked at where the runtime has returned", () => {
  const full = honest();
  full.records.laneF64[lane("gcNs", 0)] = 5 * MS;
  expect(divergedBecause(caseOf(full, { peer, runtimeReturned: false }))).toEqual([]);
  full.records.laneU32[lane("stretchesLost", 0)] = 3;
  expect(divergedBecause(caseOf(full, { peer }))).toEqual([]);
});

test("a runtime that claims to have finished early diverges, also where its tasks are done", () => {
  expect(divergedBecause(caseOf(honestClosed(), { ending: "left-early" }))).toEqual([
    "the runtime left before it was told to stop",
  ]);
});

test("canaries left lying at the cut-off while nothing happens are lost too", () => {
  const scene = honest();
  scene.records.canaryU16[50 * CANARY_HALVES + CANARY_STATE] = taskStates.submitted;
  scene.records.canaryU16[50 * CANARY_HALVES + CANARY_LOCAL_STATE] = taskStates.none;
  sealAt(scene, scene.trace.windowNs + scene.trace.drainNs);
  expect(divergedBecause(caseOf(scene, { peer }))).toEqual([
    expect.stringMatching(/^1 canaries left lying: nothing started or ended in the last \d\.\d s/),
  ]);
});

test("a stamp may be off by what two clocks differ, and no more", () => {
  const scene = honestClosed();
  const eligibleNs = (scene.records.taskF64[FINISH] as number) + 2 * MS;
  doubles(SUBMITTED, 4)(scene, eligibleNs - 0.9 * MS);
  expect(divergedBecause(caseOf(scene))).toEqual([]);
  doubles(SUBMITTED, 4)(scene, eligibleNs - 1.1 * MS);
  expect(divergedBecause(caseOf(scene))).toHaveLength(1);
});

test("the result hash binds checksums to ids and exists only when all is done", () => {
  const { trace, records } = honest();
  const checksums = referenceChecksums(trace);
  const plain = Buffer.alloc(8 * trace.taskCount);
  checksums.forEach((checksum, task) => {
    plain.writeUInt32LE(task, 8 * task);
    plain.writeUInt32LE(checksum, 8 * task + 4);
  });
  expect(resultHashOf(trace, records)).toBe(createHash("sha256").update(plain).digest("hex"));
  records.taskU8[3 * TASK_BYTES + STATE] = taskStates.unserved;
  expect(resultHashOf(trace, records)).toBeNull();
  expect(countsOf(trace, records)).toEqual({
    planned: 8,
    done: 7,
    failed: 0,
    cancelled: 0,
    unserved: 1,
    spawned: 2,
    polls: 13,
  });
});
