/** Starts the echo peer in a process of its own and talks to it. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";

/** How long the peer may take to listen, and to answer. */
const START_LIMIT_MS = 10_000;
const REPORT_LIMIT_MS = 2000;

/** What the peer counted since its start: payload bytes, warm-up excluded; CPU time of its whole process. */
export interface PeerCounts {
  readonly connectionCount: number;
  readonly requestCount: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly cpuNs: number;
}

const COUNTS: readonly (keyof PeerCounts)[] = [
  "connectionCount",
  "requestCount",
  "bytesIn",
  "bytesOut",
  "cpuNs",
];

export interface Peer {
  readonly port: number;
  readonly pid: number;
  /** Asks for the counts so far. Rejects when the peer is gone or does not answer in time. */
  report(): Promise<PeerCounts>;
  /** Ends the peer; returns at once. */
  stop(): void;
}

/** Resolves once the peer listens. It ends with this process at the latest. */
export async function startPeer(): Promise<Peer> {
  const { PATH } = process.env;
  const child = spawn(process.execPath, [fileURLToPath(new URL("./peer.js", import.meta.url))], {
    stdio: ["pipe", "pipe", "inherit"],
    env: PATH === undefined ? {} : { PATH },
  });
  // Writing to a peer that has just died is answered by its exit.
  child.stdin.on("error", () => undefined);
  const nextLine = lineReader(child);
  try {
    const { port } = parse(await nextLine(START_LIMIT_MS), ["port"]);
    const { pid } = child;
    if (pid === undefined) throw new Error("the echo peer has no process id");
    return {
      port,
      pid,
      report: async () => {
        child.stdin.write("report\n");
        return parse(await nextLine(REPORT_LIMIT_MS), COUNTS);
      },
      stop: () => {
        child.kill("SIGKILL");
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

/** Answers a function that reads the next line within its limit, and rejects when the peer has ended. */
function lineReader(
  child: ChildProcessByStdio<Writable, Readable, null>,
): (limitMs: number) => Promise<string> {
  const lines: string[] = [];
  let ended: Error | null = null;
  let wake = (): void => undefined;
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    wake();
  });
  const end = (error: Error): void => {
    ended ??= error;
    wake();
  };
  child.once("error", (error) => end(new Error(`the echo peer could not be started: ${error.message}`)));
  child.once("exit", (code, signal) =>
    end(new Error(`the echo peer ended: ${signal ?? `exit code ${code}`}`)),
  );
  return (limitMs) =>
    new Promise((resolve, reject) => {
      const limit = setTimeout(() => end(new Error(`the echo peer said nothing for ${limitMs} ms`)), limitMs);
      wake = () => {
        const line = lines.shift();
        if (line === undefined && ended === null) return;
        clearTimeout(limit);
        wake = () => undefined;
        if (line !== undefined) resolve(line);
        else reject(ended);
      };
      wake();
    });
}

/** The named numbers of a line of the peer's. */
function parse<Name extends string>(line: string, names: readonly Name[]): Record<Name, number> {
  const said: unknown = JSON.parse(line);
  const numbers = {} as Record<Name, number>;
  for (const name of names) {
    const value: unknown = Object(said)[name];
    if (typeof value !== "number") throw new Error(`the echo peer was to say its ${name}; it said ${line}`);
    numbers[name] = value;
  }
  return numbers;
}
