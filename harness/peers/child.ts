/** Runs a peer's process: bounded in time and in what it may say, gone when this returns. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { collect } from "../trial/channel.ts";
import { Fault } from "./contestant.ts";
import { type Answer, readAnswer } from "./job.ts";

/** Of one peer at one shape, with its start and its warm-up. */
const LIMIT_MS = 120_000;
const TEXT_LIMIT = 1 << 16;

export interface Child {
  readonly command: string;
  readonly parameters: readonly string[];
  /** Beside PATH, all that the process inherits. */
  readonly environment: Readonly<Record<string, string>>;
  readonly limitMs?: number;
}

/** What the process answers on its standard output. It ends by itself when its standard input does. */
export async function runChild({ command, parameters, environment, limitMs }: Child): Promise<Answer> {
  const child = spawn(command, [...parameters], {
    env: { PATH: process.env.PATH, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A child that died takes its pipe with it; that it died is what the exit code says.
  child.stdin.on("error", () => undefined);
  const limit = limitMs ?? LIMIT_MS;
  let isOver = false;
  const watchdog = setTimeout(() => {
    isOver = true;
    child.kill("SIGKILL");
  }, limit);
  const said = collect(child.stdout, TEXT_LIMIT);
  const complained = collect(child.stderr, TEXT_LIMIT);
  try {
    const [code, signal]: unknown[] = await once(child, "close");
    if (isOver) throw new Fault(`it was killed after ${limit / 1000} s`);
    if (code !== 0) {
      throw new Fault(
        `it ended with ${signal === null ? `exit code ${code}` : signal}: ${causeIn(complained())}`,
      );
    }
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault(`${command} could not be started: ${String(error)}`);
  } finally {
    clearTimeout(watchdog);
  }
  const answer = readAnswer(said());
  if ("wrong" in answer) throw new Fault(answer.wrong);
  return answer;
}

/** The line of a crash that says what it was about. */
function causeIn(complaint: string): string {
  const lines = complaint.split("\n").filter((line) => line.trim() !== "");
  const cause =
    lines.find((line) => /^\w*Error\b|^\w+: |panicked/.test(line)) ?? lines.at(-1) ?? "it said nothing";
  return cause.slice(0, 300);
}
