/** What a command may use of the world, so that tests can hand it another one. */
import type { Command } from "commander";

/** Loaded when a command runs, not for its help: it brings every runtime with it. */
export type Library = typeof import("../experiment/index.ts");

export interface Context {
  readonly load: () => Promise<Library>;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress, notes and problems. */
  readonly err: (text: string) => void;
  readonly terminal: {
    /** Colour is wanted on standard output. */
    readonly color: boolean;
    /** Of standard output, in columns. */
    readonly width: number;
    /** A line of progress may be rewritten in place. */
    readonly live: boolean;
  };
  /** Aborted with an `Interruption` by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** Says how the command ended; called once. */
  readonly exit: (code: number) => void;
}

/** Adds one command to the program. */
export type Register = (program: Command, context: Context) => void;
