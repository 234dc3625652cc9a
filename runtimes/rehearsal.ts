/**
 * The rehearsal: all threads of a TypeScript runtime run a short load together before each warms up alone.
 *
 * A worker that is alone is never woken, and nobody competes with it for a task. What V8 compiles without having
 * seen that is thrown away when it happens first, in the middle of a trial: the releaser and canaries were then
 * late by up to 2 ms, which is no figure of the runtime. So the threads see it all first, while nothing is
 * compiled yet.
 */
import { build } from "../workloads/trace/build.ts";
import type { OpSpec, Release, Stream } from "../workloads/workload.ts";
import { monotonicNs } from "./clock.ts";
import { recordsHeaderRow } from "./record.ts";
import { allocateRecords } from "./records.ts";
import { shapeFor } from "./records-room.ts";
import { allocateStage, type Stage, type StagePlan } from "./stage.ts";
import { sharedTrace } from "./tasks.ts";

const SEED = 0x52454845;
const WINDOW_NS = 20e6;
const CANARY_PERIOD_NS = 0.2e6;
/** So often every worker is held at the same time, so that all of them, not the first only, rest and are woken. */
const HOLDS = 5;
const HOLD_NS = 0.5e6;

export interface Rehearsal {
  readonly stage: Stage;
  /** Workers and releaser. */
  readonly threadCount: number;
  /** How many have come; all of them and one more when it begins. */
  readonly arrived: Int32Array;
}

export function planRehearsal(plan: StagePlan): Rehearsal {
  const { workerCount } = plan;
  const trace = sharedTrace(
    build(
      {
        classes: [{ name: "rehearsal" }],
        measured: "rehearsal",
        windowNs: WINDOW_NS,
        connectionCount: 0,
        streams: streamsFor(workerCount),
      },
      SEED,
      // At fixed instants, the warm-ups' at random ones: a trial may have either.
      { periodNs: CANARY_PERIOD_NS, phaseNs: CANARY_PERIOD_NS / 2 },
    ),
  );
  return {
    stage: allocateStage(trace, allocateRecords(shapeFor(trace, workerCount)), plan),
    threadCount: workerCount + 1,
    arrived: new Int32Array(new SharedArrayBuffer(4)),
  };
}

/** Returns when all threads have come. Whoever comes last sets the epoch. */
export function meet({ stage, threadCount, arrived }: Rehearsal): void {
  const begun = threadCount + 1;
  if (Atomics.add(arrived, 0, 1) + 1 === threadCount) {
    stage.records.headerF64[recordsHeaderRow.index.epochNs] = monotonicNs();
    Atomics.store(arrived, 0, begun);
    Atomics.notify(arrived, 0);
    return;
  }
  for (let count = Atomics.load(arrived, 0); count < begun; count = Atomics.load(arrived, 0)) {
    Atomics.wait(arrived, 0, count);
  }
}

/** Work that wakes, is stolen, sleeps, yields and spawns, and blocks that hold all workers at once. */
function streamsFor(workerCount: number): Stream[] {
  const holdsAtNs = Array.from(
    { length: HOLDS * workerCount },
    (_, hold) => Math.floor(hold / workerCount) * (WINDOW_NS / HOLDS),
  );
  const poisson = (ratePerSecond: number): Release => ({
    loop: "open",
    arrivals: { kind: "poisson", ratePerSecond },
  });
  const plain = { class: "rehearsal", ops: [] } as const;
  return [
    streamOf({ loop: "open", arrivals: { kind: "times", atNs: holdsAtNs } }, [{ op: "block", ns: HOLD_NS }]),
    streamOf(poisson(5000), [{ op: "cpu", units: 500 }, { op: "yield" }]),
    streamOf(poisson(1000), [{ op: "sleep", ns: 1e6 }]),
    streamOf(poisson(1000), [
      { op: "spawn", children: [plain, plain, plain, plain] },
      { op: "cpu", units: 5000 },
      { op: "join" },
    ]),
    streamOf({ loop: "closed", sessionCount: 2, taskCount: 40, thinkNs: 0.1e6 }, [{ op: "yield" }]),
  ];
}

function streamOf(release: Release, ops: readonly OpSpec[]): Stream {
  return { release, variants: [{ share: 1, class: "rehearsal", ops }] };
}
