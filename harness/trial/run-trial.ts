/**
 * Runs one trial in a fresh process and says what came of it, seen from outside.
 *
 * The process gets an environment by allow-list and a process group of its own; both it and its peer are gone
 * when this returns. Its files are settings.json, events.ndjson, stderr.txt (all that it printed) and records.bin.
 */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { monotonicNs } from "../../runtimes/clock.ts";
import type { Abort } from "./abort.ts";
import { startTalker } from "./channel.ts";
import { readRecords } from "./seal.ts";
import type { TrialEvent, TrialResult, TrialSettings } from "./trial.ts";

/** What a trial's process inherits: nothing that changes how an engine or a runtime works. */
const ENVIRONMENT_ALLOWED = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH"] as const;
/** Room for the stack of an engine that broke, with what it says above it. */
const PRINTED_TAIL_CHARACTERS = 8192;

export interface TrialRequest {
  readonly settings: TrialSettings;
  /** An existing folder; the settings' paths are relative to it. */
  readonly folder: string;
  /** From spawning to `ready`. */
  readonly startDeadlineNs: number;
  /** From `ready` to the end of the process. */
  readonly deadlineNs: number;
  readonly node: { readonly executable: string; readonly flags: readonly string[] };
  readonly onEvent: (event: TrialEvent) => void;
  /** Handed the process as soon as it runs, for who disturbs trials on purpose. */
  readonly onSpawn?: (child: { kill(signal: "SIGSTOP" | "SIGCONT"): boolean }) => void;
  /** Aborting kills the process; `runTrial` then rejects with the signal's reason. */
  readonly signal: Abort;
}

/** Never throws for what the world does to a trial: that is a `TrialResult`. */
export async function runTrial(request: TrialRequest): Promise<TrialResult> {
  const { settings, folder, node, signal } = request;
  signal.throwIfAborted();
  const settingsPath = join(folder, "settings.json");
  writeFileSync(settingsPath, `${JSON.stringify(settings, null, 2)}\n`, { flag: "wx" });
  const script = fileURLToPath(new URL("./trial-process.js", import.meta.url));
  const startedNs = monotonicNs();
  const { child, stdin, lines, printed } = startTalker(
    node.executable,
    [...node.flags, script, settingsPath],
    { env: allowedEnvironment(), detached: true },
  );
  request.onSpawn?.(child);
  // A child that died takes its pipe with it; that it died is what the exit code says.
  stdin.on("error", () => undefined);
  const kill = (): void => killGroup(child);
  signal.addEventListener("abort", kill, { once: true });
  const seen = {
    loaded: false,
    ready: null as number | null,
    done: null as TrialEvent | null,
    unsupported: null as string | null,
  };
  const deadline = new Deadline(request.startDeadlineNs, kill);
  const events: string[] = [];
  lines.on("line", (line) => {
    const event = parseEvent(line);
    if (event === null) return;
    events.push(line);
    if (event.event === "loaded") seen.loaded = true;
    else if (event.event === "ready") {
      seen.ready = monotonicNs() - startedNs;
      deadline.restart(request.deadlineNs);
    } else if (event.event === "done") seen.done = event;
    else if (event.event === "unsupported") seen.unsupported = event.op;
    request.onEvent(event);
  });
  // A peer left behind would keep the pipes open, and with them the wait for "close".
  child.once("exit", kill);
  const spawnError = once(child, "error").then(([error]: unknown[]) => error);
  const exit = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
  const ended = await Promise.race([
    exit,
    spawnError.then((error): [null, null, unknown] => [null, null, error]),
  ]);
  deadline.clear();
  signal.removeEventListener("abort", kill);
  writeFileSync(join(folder, "events.ndjson"), events.map((line) => `${line}\n`).join(""));
  writeFileSync(join(folder, "stderr.txt"), printed());
  signal.throwIfAborted();
  return resultOf({ request, seen, deadline, stderrTail: printed().slice(-PRINTED_TAIL_CHARACTERS), ended });
}

interface Ended {
  readonly request: TrialRequest;
  readonly seen: {
    readonly loaded: boolean;
    readonly ready: number | null;
    readonly done: TrialEvent | null;
    readonly unsupported: string | null;
  };
  readonly deadline: Deadline;
  readonly stderrTail: string;
  readonly ended: readonly [code: number | null, signal: string | null, spawnError?: unknown];
}

function resultOf({ request, seen, deadline, stderrTail, ended }: Ended): TrialResult {
  const [code, signal, spawnError] = ended;
  const stage = stageOf(seen);
  const crashed = (message: string): TrialResult => ({
    outcome: "crashed",
    cause: { code, signal, message },
    stderrTail,
  });
  if (deadline.isOver) {
    const limitNs = deadline.limitNs;
    const message = `it was killed ${Math.round(limitNs / 1e8) / 10} s after ${seen.ready === null ? "its start" : "it was ready"}, ${stage}`;
    return { outcome: "timed-out", limitNs, message, stderrTail };
  }
  if (spawnError !== undefined)
    return crashed(`${request.node.executable} could not be started: ${String(spawnError)}`);
  if (signal !== null) return crashed(`killed by ${signal} ${stage}`);
  if (code !== 0) return crashed(`exit code ${code} ${stage}`);
  if (seen.unsupported !== null) return { outcome: "unsupported", op: seen.unsupported };
  if (seen.ready === null || seen.done?.event !== "done") return crashed(`it left with exit code 0 ${stage}`);
  const read = readRecordFile(join(request.folder, request.settings.recordsPath));
  return read === null
    ? { outcome: "completed", facts: seen.done.facts, startupNs: seen.ready }
    : crashed(`its records are no result: ${read}`);
}

/** How far a process had come, by what it said. */
function stageOf({ loaded, ready, done }: Ended["seen"]): string {
  if (!loaded) return "before its runtime was loaded";
  if (ready === null) return "in the warm-up, before it was ready";
  return done === null ? "before it was done" : "after it was done";
}

/** What is wrong with the record file, or null. */
function readRecordFile(path: string): string | null {
  try {
    const read = readRecords(path);
    return "damage" in read ? read.damage : null;
  } catch (error) {
    return `the record file cannot be read (${String(error)})`;
  }
}

/** A trial's process and its peer form one process group. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    // ESRCH: the whole group has ended already.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Kills when time is over; can be restarted for the next stage. */
class Deadline {
  isOver = false;
  limitNs = 0;
  readonly #onOver: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(limitNs: number, onOver: () => void) {
    this.#onOver = onOver;
    this.restart(limitNs);
  }

  restart(limitNs: number): void {
    if (this.isOver) return;
    clearTimeout(this.#timer);
    this.limitNs = limitNs;
    this.#timer = setTimeout(() => {
      this.isOver = true;
      this.#onOver();
    }, limitNs / 1e6);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** null: a line that is no event, e.g. the half of one that a kill cut off. It stays out of the events. */
function parseEvent(line: string): TrialEvent | null {
  try {
    const parsed: unknown = JSON.parse(line);
    return typeof parsed === "object" && parsed !== null && "event" in parsed ? (parsed as TrialEvent) : null;
  } catch {
    return null;
  }
}

function allowedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    ENVIRONMENT_ALLOWED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
