/** What spoils a trial, made on purpose: a neighbour that burns CPU, and a stop in the middle. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { JudgedTrial, Live, LiveTrial } from "./live.ts";

/** Resolves when a process burns CPU on so many threads. If nobody stops it, it ends after `limitMs`. */
export async function startNeighbour(
  threadCount: number,
  limitMs: number,
): Promise<{ readonly stop: () => Promise<void> }> {
  const script = fileURLToPath(new URL("./neighbour.js", import.meta.url));
  const line = [script, String(threadCount), String(limitMs)];
  const neighbour = spawn(process.execPath, line, { stdio: ["pipe", "pipe", "ignore"], env: {} });
  const ended = once(neighbour, "close");
  await Promise.race([once(neighbour.stdout, "data"), ended]);
  return {
    stop: async () => {
      neighbour.kill("SIGKILL");
      await ended;
    },
  };
}

/** Runs the trial and, so long after `ready`, stops its process for a while, with all of its threads. */
export function stoppedTrial(
  live: Live,
  trial: LiveTrial,
  { afterMs, lengthMs }: { readonly afterMs: number; readonly lengthMs: number },
): Promise<JudgedTrial> {
  let send: (signal: "SIGSTOP" | "SIGCONT") => void = () => undefined;
  let timer: NodeJS.Timeout | undefined;
  return live
    .trial({
      ...trial,
      onSpawn: (child) => {
        send = (signal) => child.kill(signal);
      },
      onEvent: ({ event }) => {
        if (event !== "ready") return;
        timer = setTimeout(() => {
          send("SIGSTOP");
          timer = setTimeout(() => send("SIGCONT"), lengthMs);
        }, afterMs);
      },
    })
    .finally(() => clearTimeout(timer));
}
