/** Shows progress on standard error: one line rewritten in place on a terminal, plain lines otherwise. */
import type { Progress } from "../experiment/index.ts";
import type { Context } from "./context.ts";
import { printable } from "./printable.ts";

/** Where a live line begins anew. */
export const CLEAR_LINE = "\r\u001b[2K";

export interface ProgressView {
  readonly show: (progress: Progress) => void;
  /** Ends the live line, so that what follows starts on a new one. */
  readonly close: () => void;
}

export function viewProgress({ err, terminal }: Pick<Context, "err" | "terminal">): ProgressView {
  const line = (text: string): void => err(`${terminal.live ? CLEAR_LINE : ""}${printable(text)}\n`);
  const live = (text: string): void => {
    if (terminal.live) err(CLEAR_LINE + printable(text).slice(0, Math.max(20, terminal.width - 1)));
  };
  return {
    show: (progress) => {
      switch (progress.kind) {
        case "building":
          return live(`building trace ${progress.built} of ${progress.total}`);
        case "planned":
          for (const note of progress.notes) line(`note: ${note}`);
          return line(
            `${progress.trialCount} ${progress.trialCount === 1 ? "trial" : "trials"} to run, kept in ${progress.run}`,
          );
        case "started":
          return live(`${where(progress)} starting${left(progress)}`);
        case "running": {
          const share = progress.plannedCount === 0 ? 1 : progress.endedCount / progress.plannedCount;
          return live(`${where(progress)} ${Math.floor(share * 100)} %${left(progress)}`);
        }
        case "ended": {
          const { outcome, refusal, invalidBecause } = progress.row;
          const end = refusal === "noise" ? `refused: ${invalidBecause.join("; ")}` : outcome;
          return line(`${where(progress)} ${end}`);
        }
      }
    },
    close: () => {
      if (terminal.live) err(CLEAR_LINE);
    },
  };
}

type AtTrial = Extract<Progress, { kind: "started" | "running" | "ended" }>;

function where({ index, trialCount, treatment, round, attempt, attemptLimit }: AtTrial): string {
  const { workload, runtimeLabel, threads, controlOf } = treatment;
  const role = controlOf === undefined ? "" : "control of ";
  const which = attempt === 1 ? "" : `, attempt ${attempt} of ${attemptLimit}`;
  return `[${index}/${trialCount}] round ${round + 1} ${role}${workload} on ${runtimeLabel} at ${threads}${which}:`;
}

function left({ remainingNs }: AtTrial): string {
  return remainingNs === null ? "" : `, ${Math.ceil(remainingNs / 1e9)} s left`;
}
