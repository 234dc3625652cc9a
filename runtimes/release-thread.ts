/** Entry of the releaser's thread. */
import { strict as assert } from "node:assert";
import { parentPort, workerData } from "node:worker_threads";
import type { Trace } from "../workloads/trace/trace.ts";
import { type Bells, ring } from "./bells.ts";
import { Clock } from "./clock.ts";
import { type Records, recordsHeaderRow } from "./record.ts";
import { Recorder } from "./recorder.ts";
import { Releaser } from "./release.ts";
import { currentThreadId } from "./thread-id.ts";
import { setTimerSlack } from "./timer-slack.ts";
import type { QueueMemory } from "./work-stealing/core.ts";
import { Inlet } from "./work-stealing/inlet.ts";

/** What the releaser's thread is started with. */
export interface ReleaserStart {
  readonly trace: Trace;
  readonly records: Records;
  readonly gates: Int32Array;
  readonly queues: QueueMemory;
  readonly maySpin: boolean;
  /** 0 until the epoch is set. */
  readonly go: Int32Array;
  readonly bells: Bells;
}

const { trace, records, gates, queues, maySpin, go, bells }: ReleaserStart = workerData;
assert(parentPort !== null, "the releaser's entry runs in a worker thread");
/** As the native releaser has it. */
const TIMER_SLACK_NS = 1000;

setTimerSlack(TIMER_SLACK_NS);
new Recorder(records, records.shape.laneCount - 1).boundTo(currentThreadId());
parentPort.postMessage("ready");
Atomics.wait(go, 0, 0);
const clock = new Clock(records.headerF64[recordsHeaderRow.index.epochNs] as number);
new Releaser({
  trace,
  records,
  gates,
  inlet: new Inlet(queues, (worker) => ring(bells, worker)),
  clock: () => clock.now(),
  maySpin,
}).run();
// It stays until the end, so that the CPU time it took can still be read.
Atomics.wait(records.headerI32, recordsHeaderRow.index.stop, 0);
process.exit(0);
