/**
 * What recording costs: bytes a task (goal: at most 64), and ns for the four calls of a task of one poll, with
 * the one reading of the clock that it takes.
 */
import { build } from "../workloads/trace/build.ts";
import { Clock, monotonicNs } from "./clock.ts";
import { taskRecordRow } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { allocateRecords } from "./records.ts";
import { shapeFor } from "./records-room.ts";

const ROUNDS = 11;
const TASKS = 500_000;

const trace = build(
  {
    classes: [{ name: "empty" }],
    measured: "empty",
    windowNs: 0,
    connectionCount: 0,
    streams: [
      {
        release: { loop: "open", arrivals: { kind: "at-once", count: TASKS } },
        variants: [{ share: 1, class: "empty", ops: [] }],
      },
    ],
  },
  1,
  { periodNs: 0 },
);

const clock = new Clock(monotonicNs());

/** ns a task, with and without the recorder's calls. */
function nsPerTask(isRecording: boolean): number {
  const recorder = new Recorder(allocateRecords(shapeFor(trace, 1)), 0);
  const startNs = clock.now();
  for (let task = 0; task < TASKS; task++) {
    if (isRecording) {
      recorder.submitted(task, clock.nowNs);
      recorder.pollStarts(task, clock.nowNs, 0);
    }
    clock.read();
    if (isRecording) recorder.finished(task, clock.nowNs, task);
  }
  return (clock.nowNs - startNs) / TASKS;
}

const samples = { recorded: [] as number[], clockOnly: [] as number[] };
for (let round = -3; round < ROUNDS; round++) {
  const recorded = nsPerTask(true);
  const clockOnly = nsPerTask(false);
  if (round < 0) continue;
  samples.recorded.push(recorded);
  samples.clockOnly.push(clockOnly);
}
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] as number;
console.log(
  `records: ${taskRecordRow.strideBytes} bytes a task (goal ≤ 64); ${median(samples.recorded).toFixed(1)} ns a task, ` +
    `${median(samples.clockOnly).toFixed(1)} of them the reading of the clock; n = ${ROUNDS} rounds of ${TASKS} tasks`,
);
