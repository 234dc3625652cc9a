/**
 * A worker does one thing at a time: what the rows say it polled, ran, held and rested must find room beside each
 * other in the time there was.
 */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { idleSpansOf } from "../metrics/idle.ts";
import { lastAtMost, NO_SPANS, type Spans } from "../metrics/spans.ts";
import {
  CANARY_DOUBLES,
  CANARY_HALVES,
  CANARY_RUN,
  CANARY_STATE,
  CANARY_WORKER,
  canaryCountOf,
  endNsOf,
  FINISH,
  FIRST_POLL,
  LANE_DOUBLES,
  LANE_IDLE,
  lostStretchesOf,
  POLL_COUNT,
  STARTS,
  STATE,
  TASK_BYTES,
  TASK_DOUBLES,
  TASK_HALVES,
  TASK_WORDS,
  WORKER,
} from "../rows.ts";
import { holdsByWorker } from "./holds.ts";
import { Offences } from "./offences.ts";
import { OTHER_CLOCK_NS } from "./tolerance.ts";

/** Below this much in a whole trial a worker's sums may differ by rounding alone. */
const ROUNDING_NS = 1e6;

interface Claims {
  readonly records: Records;
  /** By worker. */
  readonly holds: readonly Spans[];
  readonly idle: readonly Spans[];
  readonly offences: Offences;
}

export function brokenTurns(records: Records): string[] {
  const holds = holdsByWorker(records);
  const idle = idleSpansOf(records) ?? holds.map(() => NO_SPANS);
  const claims = { records, holds, idle, offences: new Offences() };
  checkTasks(claims);
  checkCanaries(claims);
  return claims.offences.sentences();
}

/**
 * A first poll within a hold or a rest of its own worker; and tasks of a single poll, which keep their worker from
 * its start to their finish: together with the rests they are no longer than the trial.
 */
function checkTasks(claims: Claims): void {
  const { records, holds, idle, offences } = claims;
  const polledNs = new Float64Array(holds.length);
  // The end is when the witness looked; by the time it says so a worker may have rested on.
  const lastNs = Float64Array.from(idle, ({ endsNs }) => Math.max(endNsOf(records), endsNs.at(-1) ?? 0));
  for (let task = 0; task < records.shape.taskCount; task++) {
    if (records.taskU8[task * TASK_BYTES + STARTS] === 0) continue;
    const worker = records.taskU16[task * TASK_HALVES + WORKER] as number;
    const firstPollNs = records.taskF64[task * TASK_DOUBLES + FIRST_POLL] as number;
    if (worker >= holds.length) {
      offences.add("worker", () => `task ${task} was polled by worker ${worker}, and there is none`);
      continue;
    }
    if (isWithin(holds[worker] ?? NO_SPANS, firstPollNs)) {
      offences.add(
        "held",
        () => `task ${task} was first polled at ${firstPollNs} ns by worker ${worker}, which was held then`,
      );
    } else if (isWithin(idle[worker] ?? NO_SPANS, firstPollNs)) {
      offences.add(
        "idle",
        () => `task ${task} was first polled at ${firstPollNs} ns by worker ${worker}, which rested then`,
      );
    }
    const isOnePoll = records.taskU32[task * TASK_WORDS + POLL_COUNT] === 1;
    if (!isOnePoll || records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) continue;
    const finishNs = records.taskF64[task * TASK_DOUBLES + FINISH] as number;
    polledNs[worker] = (polledNs[worker] as number) + finishNs - firstPollNs;
    if (finishNs > (lastNs[worker] as number)) lastNs[worker] = finishNs;
  }
  for (let worker = 0; worker < holds.length; worker++) {
    const idleNs = records.laneF64[worker * LANE_DOUBLES + LANE_IDLE] as number;
    const claimedNs = (polledNs[worker] as number) + idleNs;
    // A last rest without a row may go beyond the end, too.
    const unknownNs = ROUNDING_NS + records.shape.idleRowMinNs;
    if (lostStretchesOf(records, worker) > 0 || claimedNs <= (lastNs[worker] as number) + unknownNs) continue;
    offences.add(
      "room",
      () => `worker ${worker} polled and rested for ${claimedNs} ns and the trial took ${lastNs[worker]} ns`,
    );
  }
}

/** A canary takes no time, so that it may run within a rest, but not within a hold. */
function checkCanaries({ records, holds, offences }: Claims): void {
  for (let canary = 0; canary < canaryCountOf(records); canary++) {
    if (records.canaryU16[canary * CANARY_HALVES + CANARY_STATE] !== taskStates.done) continue;
    const worker = records.canaryU16[canary * CANARY_HALVES + CANARY_WORKER] as number;
    const runNs = records.canaryF64[canary * CANARY_DOUBLES + CANARY_RUN] as number;
    const own = holds[worker];
    if (own === undefined) {
      offences.add("runner", () => `canary ${canary} was run by worker ${worker}, and there is none`);
    } else if (isWithin(own, runNs)) {
      offences.add(
        "canary",
        () => `canary ${canary} ran at ${runNs} ns on worker ${worker}, which was held then`,
      );
    }
  }
}

/** Whether one of the spans covers `atNs` by more than two clocks may differ. */
function isWithin({ startsNs, endsNs }: Spans, atNs: number): boolean {
  const span = lastAtMost(startsNs, atNs - OTHER_CLOCK_NS);
  return span >= 0 && (endsNs[span] as number) > atNs + OTHER_CLOCK_NS;
}
