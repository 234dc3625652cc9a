/**
 * What a process of ours says to its parent: one JSON object a line, on a descriptor that nobody prints to. What a
 * user's module or an engine prints, whole lines or parts of one, goes elsewhere and is kept as text.
 */
import { strict as assert } from "node:assert";
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { writeSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { Readable, type Writable } from "node:stream";

/** Behind standard input, output and error. */
const CHANNEL = 3;
/** What is kept of the end of each stream that a process prints to. */
const PRINTED_LIMIT_CHARACTERS = 1 << 20;

export interface Talker {
  readonly child: ChildProcess;
  /** The process ends when this does. */
  readonly stdin: Writable;
  /** What it says on the channel. */
  readonly lines: Interface;
  /** What it has printed so far: on standard output, then on standard error, where its last words are. */
  readonly printed: () => string;
}

/** Starts a process that talks on the channel. Whether it could be started is told by the child's events. */
export function startTalker(
  executable: string,
  args: readonly string[],
  options: Pick<SpawnOptions, "env" | "detached"> = {},
): Talker {
  const child = spawn(executable, args, { ...options, stdio: ["pipe", "pipe", "pipe", "pipe"] });
  const { stdin, stdout, stderr } = child;
  const channel = child.stdio[CHANNEL];
  assert(stdin !== null && stdout !== null && stderr !== null && channel instanceof Readable);
  const out = collect(stdout, PRINTED_LIMIT_CHARACTERS);
  const err = collect(stderr, PRINTED_LIMIT_CHARACTERS);
  return {
    child,
    stdin,
    lines: createInterface({ input: channel }),
    printed: () => {
      const text = out();
      return text === "" || text.endsWith("\n") ? text + err() : `${text}\n${err()}`;
    },
  };
}

/** In the process: one line. Written at once, because the process may end right after. */
export function say(message: object): void {
  writeSync(CHANNEL, `${JSON.stringify(message)}\n`);
}

/** Collects a stream's text, at most so much of its end. */
export function collect(stream: Readable, limitCharacters: number): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text = (text + chunk).slice(-limitCharacters);
  });
  return () => text;
}
