/**
 * Trials that are disturbed on purpose: beside a neighbour that burns CPU on every core, and stopped in the middle.
 * Their figures would be about the machine, so isoload must refuse them and say why.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Answer, told } from "./answer.ts";
import { caseOn, type SelftestCase } from "./case.ts";
import type { JudgedTrial, Live } from "./live.ts";
import { blocksTrace } from "./loads.ts";
import { subjectOf } from "./subject.ts";

/** A light load: whatever is noticed is not its own doing. */
const load = { windowMs: 600, blockMs: 5, dueMs: [0, 100, 200, 300, 400, 500] } as const;
/** The neighbour is killed when the trial has ended; if nobody can, it ends after this. */
const NEIGHBOUR_LIMIT_MS = 15_000;
/** From `ready`, which is 20 ms before the epoch. */
const STOP_AFTER_MS = 200;
const STOPPED_MS = 150;

/** The words by which a refusal names each disturbance. */
const reasons = { neighbour: /foreign|others/i, stop: /gap|stood still|did not run|stopped/i } as const;

export function disturbedCases(): SelftestCase[] {
  const subject = subjectOf("single-thread");
  const trace = blocksTrace(load);
  const trial = { trace, subject, workerCount: 1 };
  return [
    caseOn(subject, "a neighbour that burns every core", (live, name) =>
      withoutSensors(name, () =>
        besideNeighbour(live.coreCount, async () =>
          refusalOf(name, await live.trial(trial), reasons.neighbour),
        ),
      ),
    ),
    caseOn(subject, "stopped for 150 ms in the middle", (live, name) =>
      withoutSensors(name, async () => refusalOf(name, await stopped(live, trial), reasons.stop)),
    ),
  ];
}

/** Right where the trial was refused for that reason; its work being wrong is another matter. */
export function refusalOf(name: string, { row }: JudgedTrial, reason: RegExp): Answer {
  const why = row.invalidBecause.join("; ");
  if (row.valid) return told(name, "wrong", "the trial counts as valid");
  if (row.outcome !== "completed") return told(name, "wrong", `the trial ${row.outcome}: ${why}`);
  return reason.test(why)
    ? told(name, "ok", `refused: ${why}`)
    : told(name, "wrong", `refused for another reason: ${why}`);
}

/** What disturbs a trial is read from /proc. */
async function withoutSensors(name: string, find: () => Promise<Answer>): Promise<readonly Answer[]> {
  return process.platform === "linux"
    ? [await find()]
    : [told(name, "not-judged", `trials have no sensors on ${process.platform}`)];
}

async function besideNeighbour<Value>(threadCount: number, use: () => Promise<Value>): Promise<Value> {
  const script = fileURLToPath(new URL("./neighbour.js", import.meta.url));
  const neighbour = spawn(process.execPath, [script, String(threadCount), String(NEIGHBOUR_LIMIT_MS)], {
    stdio: ["pipe", "pipe", "ignore"],
    env: {},
  });
  const ended = once(neighbour, "close");
  try {
    await Promise.race([once(neighbour.stdout, "data"), ended]);
    return await use();
  } finally {
    neighbour.kill("SIGKILL");
    await ended;
  }
}

/** Runs the trial and stops its process for a while, with all of its threads. */
async function stopped(live: Live, trial: Parameters<Live["trial"]>[0]): Promise<JudgedTrial> {
  let pid: number | null = null;
  const timers: NodeJS.Timeout[] = [];
  const send = (signal: NodeJS.Signals): void => {
    if (pid !== null) process.kill(pid, signal);
  };
  const judged = await live
    .trial({
      ...trial,
      onSpawn: (spawned) => {
        pid = spawned;
      },
      onEvent: ({ event }) => {
        if (event !== "ready") return;
        timers.push(
          setTimeout(() => send("SIGSTOP"), STOP_AFTER_MS),
          setTimeout(() => send("SIGCONT"), STOP_AFTER_MS + STOPPED_MS),
        );
      },
    })
    .finally(() => timers.forEach(clearTimeout));
  return judged;
}
