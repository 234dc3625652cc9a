/**
 * Trials that are disturbed on purpose: beside a neighbour that burns CPU on every core, and stopped in the middle.
 * Their figures would be about the machine, so isoload must refuse them and say why.
 */
import { type Answer, told } from "./answer.ts";
import type { SelftestCase } from "./case.ts";
import { startNeighbour, stoppedTrial } from "./disturbance.ts";
import type { JudgedTrial, Live, LiveTrial } from "./live.ts";
import { blocksTrace } from "./loads.ts";
import { subjectOf } from "./subject.ts";

/** A light load: whatever is noticed is not its own doing. */
const load = { windowMs: 600, blockMs: 5, dueMs: [0, 100, 200, 300, 400, 500] } as const;
/** The neighbour is killed when the trial has ended; if nobody can, it ends after this. */
const NEIGHBOUR_LIMIT_MS = 15_000;
/** From `ready`, which is 20 ms before the epoch. */
const STOP = { afterMs: 200, lengthMs: 150 } as const;

/** The words by which a refusal names each disturbance. */
const reasons = { neighbour: /foreign CPU/, stop: /stood still/ } as const;

/** A way to disturb a trial: answers with the trial that it disturbed. */
interface Disturbance {
  readonly what: string;
  readonly reason: RegExp;
  readonly disturb: (live: Live, trial: LiveTrial) => Promise<JudgedTrial>;
}

const disturbances: readonly Disturbance[] = [
  { what: "a neighbour that burns every core", reason: reasons.neighbour, disturb: besideNeighbour },
  {
    what: "stopped for 150 ms in the middle",
    reason: reasons.stop,
    disturb: (live, trial) => stoppedTrial(live, trial, STOP),
  },
];

export function disturbedCases(): SelftestCase[] {
  return disturbances.map((disturbance) => ({
    name: disturbance.what,
    run: async function* (live) {
      // What disturbs a trial is read from /proc.
      yield process.platform === "linux"
        ? await disturbedAnswer(live, disturbance)
        : told(disturbance.what, "not-judged", `trials have no sensors on ${process.platform}`);
    },
  }));
}

/** One trial, disturbed. */
async function disturbedAnswer(live: Live, { what, reason, disturb }: Disturbance): Promise<Answer> {
  const trial = { trace: blocksTrace(load), subject: subjectOf("single-thread"), workerCount: 1 };
  return refusalOf(what, await disturb(live, trial), reason);
}

/** Right where the trial was refused for that reason; its work being wrong is another matter. */
export function refusalOf(name: string, { row }: JudgedTrial, reason: RegExp): Answer {
  const why = row.invalidBecause.join("; ");
  if (row.valid) return told(name, "wrong", "the trial counts as valid");
  if (row.refusal !== "noise") return told(name, "wrong", `the trial ${row.outcome}: ${why}`);
  return reason.test(why)
    ? told(name, "ok", `refused: ${why}`)
    : told(name, "wrong", `refused for another reason: ${why}`);
}

/** Runs the trial beside a process that burns as many threads as there are cores. */
async function besideNeighbour(live: Live, trial: LiveTrial): Promise<JudgedTrial> {
  const { stop } = await startNeighbour(live.coreCount, NEIGHBOUR_LIMIT_MS);
  return live.trial(trial).finally(stop);
}
