#!/usr/bin/env node
/** The command `isoload`: connects the program to this process. The only file that ends it. */
import { once } from "node:events";
import { CommanderError } from "commander";
import type { Context } from "./context.ts";
import { DEFECT, INVALID, Interruption, OK, RUNTIME_MISSING, USAGE } from "./exit.ts";
import { printable } from "./printable.ts";
import { buildProgram } from "./program.ts";

/** The disk or its rights stand in the way; the user can act, and it is no defect of ours. */
const DISK_ERRORS = ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM"];
/** Not even isoload's own files can be opened. */
const DESCRIPTOR_ERRORS = ["EMFILE", "ENFILE"];

await main();

async function main(): Promise<void> {
  // Whoever reads may stop reading: `isoload list | head`.
  process.stdout.on("error", ignoreClosedPipe);
  process.stderr.on("error", ignoreClosedPipe);
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // Asked twice, it ends at once; what is complete is on disk already.
      if (interruption.signal.aborted) process.exit(new Interruption(signal).exitCode);
      interruption.abort(new Interruption(signal));
    });
  }
  const ended: { code: number } = { code: DEFECT };
  const context: Context = {
    load: () => import("../experiment/index.ts"),
    variables: process.env,
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    terminal: readTerminal(),
    signal: interruption.signal,
    exit: (code) => {
      ended.code = code;
    },
  };
  try {
    await buildProgram(context).parseAsync(process.argv);
  } catch (error) {
    ended.code = await explain(error, context);
  }
  await flushed(process.stdout);
  await flushed(process.stderr);
  process.exit(ended.code);
}

/** Says what went wrong to whom it concerns, and answers the exit code. */
async function explain(error: unknown, context: Context): Promise<number> {
  if (error instanceof Interruption) {
    context.err(`${error.message} before anything was measured; nothing is kept.\n`);
    return error.exitCode;
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return OK;
    context.err(`${printable(error.message.replace(/^error: /, ""))}\nSee isoload --help.\n`);
    return USAGE;
  }
  if (hasCode(error, DESCRIPTOR_ERRORS)) {
    context.err(
      `${printable(String(error))}\nToo few files may be open at once. Allow more: ulimit -n 4096.\n`,
    );
    return USAGE;
  }
  const { DamageError, MissingRuntimeError, UsageError, formatProblem } = await context.load();
  if (error instanceof UsageError) {
    context.err(error.problems.map((problem) => `${printable(formatProblem(problem))}\n`).join(""));
    return USAGE;
  }
  if (error instanceof MissingRuntimeError || error instanceof DamageError) {
    context.err(`${printable(error.message)}\n`);
    return error instanceof DamageError ? INVALID : RUNTIME_MISSING;
  }
  if (hasCode(error, DISK_ERRORS)) {
    context.err(
      `${printable(String(error))}\nMake room or give another folder with -o; isoload run --resume goes on.\n`,
    );
    return USAGE;
  }
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  context.err(`This is a defect of isoload, not of your input. Please report it:\n${printable(trace)}\n`);
  return DEFECT;
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}

function readTerminal(): Context["terminal"] {
  const { NO_COLOR, CI } = process.env;
  const isPlain = NO_COLOR !== undefined && NO_COLOR !== "";
  return {
    color: process.stdout.isTTY === true && !isPlain,
    width: process.stdout.columns ?? 120,
    live: process.stderr.isTTY === true && (CI === undefined || CI === ""),
  };
}

/** A pipe takes what it is given later than `process.exit` would wait for. */
async function flushed(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength > 0 && !stream.destroyed)
    await Promise.race([once(stream, "drain"), once(stream, "close")]);
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}
