/** The stretches in which workers polled nothing: within the trial, in order, and never while a task holds one. */
import { stretchKinds } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import {
  endNsOf,
  LANE_DOUBLES,
  LANE_GC,
  LANE_IDLE,
  lostStretchesOf,
  STRETCH_DOUBLES,
  STRETCH_END,
  STRETCH_HALVES,
  STRETCH_KIND,
  STRETCH_START,
  STRETCH_WORKER,
  stretchRowsOf,
} from "../rows.ts";
import { holdsByWorker, type WorkerHolds } from "./holds.ts";
import { Offences } from "./offences.ts";
import { LATE_WITNESS_NS, SAME_CLOCK_NS } from "./tolerance.ts";

/** `isStill`: the runtime has returned; before that the sums may be ahead of the rows. */
export function brokenStretches(records: Records, isStill: boolean): string[] {
  const offences = new Offences();
  holdsByWorker(records).forEach((holds, worker) => {
    const rows = checkRows(records, worker, offences);
    checkHolds(records, { worker, holds }, offences);
    if (isStill) checkSums(records, { worker, ...rows }, offences);
  });
  return offences.sentences();
}

/** Checks each row of `worker` and answers the sums of its rows. */
function checkRows(records: Records, worker: number, offences: Offences): { idleNs: number; gcNs: number } {
  const limitNs = endNsOf(records) + LATE_WITNESS_NS;
  const sums = { idleNs: 0, gcNs: 0 };
  let idleUntilNs = 0;
  const { first, end } = stretchRowsOf(records, worker);
  for (let row = first; row < end; row++) {
    const startNs = records.stretchF64[row * STRETCH_DOUBLES + STRETCH_START] as number;
    const endNs = records.stretchF64[row * STRETCH_DOUBLES + STRETCH_END] as number;
    const own = records.stretchU16[row * STRETCH_HALVES + STRETCH_WORKER] as number;
    const kind = records.stretchU16[row * STRETCH_HALVES + STRETCH_KIND] as number;
    const isKnown = kind === stretchKinds.idle || kind === stretchKinds.gc;
    if (!(own === worker && isKnown && startNs >= 0 && endNs >= startNs && endNs <= limitNs)) {
      offences.add(
        "row",
        () =>
          `a stretch of worker ${worker} says that it is of worker ${own}, of kind ${kind}, from ${startNs} to ${endNs} ns`,
      );
    } else if (kind === stretchKinds.gc) {
      sums.gcNs += endNs - startNs;
    } else {
      if (startNs < idleUntilNs - SAME_CLOCK_NS) {
        offences.add(
          "order",
          () => `worker ${worker} is idle from ${startNs} ns and was until ${idleUntilNs} ns`,
        );
      }
      idleUntilNs = endNs;
      sums.idleNs += endNs - startNs;
    }
  }
  return sums;
}

/** Idle stretches and holds of one worker, both ascending, never at the same time. */
function checkHolds(
  records: Records,
  { worker, holds }: { readonly worker: number; readonly holds: WorkerHolds },
  offences: Offences,
): void {
  const { first, end } = stretchRowsOf(records, worker);
  let hold = 0;
  for (let row = first; row < end; row++) {
    if (records.stretchU16[row * STRETCH_HALVES + STRETCH_KIND] !== stretchKinds.idle) continue;
    const startNs = records.stretchF64[row * STRETCH_DOUBLES + STRETCH_START] as number;
    const endNs = records.stretchF64[row * STRETCH_DOUBLES + STRETCH_END] as number;
    while (hold < holds.endsNs.length && (holds.endsNs[hold] as number) <= startNs + SAME_CLOCK_NS) hold++;
    if (hold === holds.endsNs.length) return;
    if ((holds.startsNs[hold] as number) < endNs - SAME_CLOCK_NS) {
      offences.add(
        "held",
        () =>
          `worker ${worker} is idle from ${startNs} to ${endNs} ns and held at ${holds.startsNs[hold]} ns`,
      );
    }
  }
}

function checkSums(
  records: Records,
  { worker, idleNs, gcNs }: { readonly worker: number; readonly idleNs: number; readonly gcNs: number },
  offences: Offences,
): void {
  const idleSumNs = records.laneF64[worker * LANE_DOUBLES + LANE_IDLE] as number;
  const gcSumNs = records.laneF64[worker * LANE_DOUBLES + LANE_GC] as number;
  const limitNs = endNsOf(records) + LATE_WITNESS_NS;
  if (!(idleSumNs >= idleNs - SAME_CLOCK_NS && idleSumNs <= limitNs)) {
    offences.add(
      "idle sum",
      () =>
        `worker ${worker} was idle for ${idleSumNs} ns of ${endNsOf(records)}, its rows alone say ${idleNs} ns`,
    );
  }
  // Pauses that found no room are in the sum only.
  const isWhole = gcSumNs <= gcNs + SAME_CLOCK_NS || lostStretchesOf(records, worker) > 0;
  if (!(gcSumNs >= gcNs - SAME_CLOCK_NS && isWhole)) {
    offences.add("gc sum", () => `worker ${worker} paused for ${gcSumNs} ns and its rows say ${gcNs} ns`);
  }
}
