/** Entry of the releaser's thread. */

import { strict as assert } from "node:assert";
import { parentPort, workerData } from "node:worker_threads";
import { canaryDueNs, type Trace } from "../workloads/trace/trace.ts";
import { type Bells, ring } from "./bells.ts";
import { Clock, monotonicNs } from "./clock.ts";
import { recordsHeaderRow } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { allocateRecords } from "./records.ts";
import { shapeFor } from "./records-room.ts";
import { meet, type Rehearsal } from "./rehearsal.ts";
import { Releaser } from "./release.ts";
import { allocateStage, type Stage } from "./stage.ts";
import { currentThreadId } from "./thread-id.ts";
import { setTimerSlack } from "./timer-slack.ts";
import { Idle, ON_WORD, wakeAll } from "./work-stealing/idle.ts";
import { Inlet } from "./work-stealing/inlet.ts";

/** What the releaser's thread is started with. */
export interface ReleaserStart {
  readonly trial: Stage;
  readonly rehearsal: Rehearsal;
  /** Its schedule is run into queues of its own before the thread is ready. */
  readonly warmUp: Trace;
  readonly maySpin: boolean;
  /** 0 until the epoch is set. */
  readonly go: Int32Array;
  readonly bells: Bells;
}

const { trial, rehearsal, warmUp, maySpin, go, bells }: ReleaserStart = workerData;
const HEADER = recordsHeaderRow.index;
assert(parentPort !== null, "the releaser's entry runs in a worker thread");
/** As the native releaser has it. */
const TIMER_SLACK_NS = 1000;
/** Some 6,000 releases: enough that they are compiled when the trial's begin. */
const WARM_UP_ROUNDS = 3;
/** How long the rehearsal's last release has to be served. */
const REHEARSAL_ENDS_MS = 1;
/** How long each round still has canaries to wait for. */
const AHEAD_NS = 5e6;

/** The same function wherever a releaser runs, so that what was compiled with it stays. */
const ringAt = (worker: number): void => ring(bells, worker);

setTimerSlack(TIMER_SLACK_NS);
new Recorder(trial.records, trial.records.shape.laneCount - 1).boundTo(currentThreadId());
rehearse();
for (let round = 0; round < WARM_UP_ROUNDS; round++) warm();
parentPort.postMessage("ready");
Atomics.wait(go, 0, 0);
release(trial);
// It stays until the end, so that the CPU time it took can still be read.
Atomics.wait(trial.records.headerI32, HEADER.stop, 0);
process.exit(0);

/** Releases what is due on `stage`, until the end of its trace or `stop`. */
function release({ trace, records, tasks, queues }: Stage): void {
  new Releaser({
    trace,
    records,
    gates: tasks.gates,
    inlet: new Inlet(queues, ringAt),
    clock: new Clock(records.headerF64[HEADER.epochNs] as number),
    maySpin,
  }).run();
}

/** Releases the rehearsal, and ends it for all. */
function rehearse(): void {
  meet(rehearsal);
  release(rehearsal.stage);
  const { headerI32 } = rehearsal.stage.records;
  Atomics.wait(headerI32, HEADER.stop, 0, REHEARSAL_ENDS_MS);
  Atomics.store(headerI32, HEADER.stop, 1);
  wakeAll(rehearsal.stage.queues.idle, ringAt);
}

/**
 * Releases the warm-up's canaries one by one, each to a worker that sleeps and is not there. The last of them are
 * still to come when it begins, so that sleeping and spinning up to a due time are compiled, too.
 */
function warm(): void {
  const injectorCount = trial.queues.injectors.length;
  const plan = { workerCount: injectorCount, dequeCount: 0, injectorCount };
  const { records, tasks, queues } = allocateStage(warmUp, allocateRecords(shapeFor(warmUp, 1)), plan);
  const absent = new Idle(queues.idle);
  const canaryCount = records.shape.canaryCapacity;
  const clock = new Clock(monotonicNs() + AHEAD_NS - canaryDueNs(warmUp, canaryCount - 1));
  const releaser = new Releaser({
    trace: warmUp,
    records,
    gates: tasks.gates,
    inlet: new Inlet(queues, ringAt),
    clock,
    maySpin,
  });
  while (releaser.releaseDue(0));
  for (let canary = 0; canaryDueNs(warmUp, canary) < clock.now(); canary++) {
    absent.announce(0, ON_WORD, false);
    releaser.releaseDue(canaryDueNs(warmUp, canary));
    if (absent.retract(0)) absent.endSearch();
  }
  releaser.run();
}
