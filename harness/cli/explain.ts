/** What went wrong, said to whom it concerns, and the exit code it deserves. */
import { CommanderError } from "commander";
import type { Context } from "./context.ts";
import { culpritIn } from "./culprit.ts";
import { DEFECT, INVALID, Interruption, OK, RUNTIME_MISSING, USAGE } from "./exit.ts";
import { printable } from "./printable.ts";
import { CLEAR_LINE } from "./progress.ts";

/** The disk or its rights stand in the way; the user can act, and it is no defect of ours. */
const FULL = ["ENOSPC", "EDQUOT"];
const FORBIDDEN = ["EROFS", "EACCES", "EPERM"];
/** Not even isoload's own files can be opened. */
const DESCRIPTOR_ERRORS = ["EMFILE", "ENFILE"];

/** What a command threw. */
export async function explain(error: unknown, context: Context): Promise<number> {
  if (error instanceof Interruption) {
    context.err(`${error.message} before anything was measured; nothing is kept.\n`);
    return error.exitCode;
  }
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return OK;
    context.err(`${printable(error.message)}\n`);
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
  const isFull = hasCode(error, FULL);
  if (isFull || hasCode(error, FORBIDDEN)) {
    context.err(
      `${printable(String(error))}\n${isFull ? "Make room" : "Mend the rights, or copy the run to where you have them"}. What is complete of a run is kept: isoload run --resume goes on with it.\n`,
    );
    return USAGE;
  }
  return blame(error, context);
}

/** What nobody caught, thrown while no command waited for it: a timer's, or a promise's that was left alone. */
export function explainUncaught(error: unknown, context: Context): number {
  if (context.terminal.live) context.err(CLEAR_LINE);
  const code = blame(error, context);
  context.err(
    "If a run was under way, what is complete of it is on disk: isoload run --resume goes on with it.\n",
  );
  return code;
}

/** The process is about to end although no command has. */
export function explainEnd(stack: string, context: Context): number {
  if (context.terminal.live) context.err(CLEAR_LINE);
  const place = culpritIn(stack);
  context.err(
    place === null
      ? "isoload was ended before it was done: a plan or runtime module ended the process, or waits for what never comes. Take that out.\n"
      : `${printable(place)}: this module ended the process before isoload was done. Take out its process.exit.\n`,
  );
  return USAGE;
}

/** Results that could not be written are none, whatever they were. A reader that stopped reading wanted no more. */
export function explainOutput(failure: NodeJS.ErrnoException, code: number, context: Context): number {
  if (failure.code === "EPIPE") return code;
  context.err(
    `standard output cannot be written: ${printable(failure.message)}. Make room, or write it elsewhere; of a run that has ended, isoload report gives it again.\n`,
  );
  return code === OK ? USAGE : code;
}

/** What nothing foresees is a defect of ours, unless code of the user's had a part in it. */
function blame(error: unknown, context: Context): number {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const place = culpritIn(trace);
  const [thrown = ""] = String(error).split("\n");
  if (place !== null) {
    context.err(`${printable(`${place}: this module threw ${thrown}`)}. Mend it, or leave it out.\n`);
    return USAGE;
  }
  // Ours are rejected with errors, which have a stack.
  if (hasCode(error, ["ERR_UNHANDLED_REJECTION"])) {
    const reason = /with the reason (.*)\.$/s.exec(thrown)?.[1] ?? thrown;
    context.err(
      `a plan or runtime module left a promise alone that was rejected with ${printable(reason)}. Handle it, or reject it with an Error, which says where.\n`,
    );
    return USAGE;
  }
  context.err(`This is a defect of isoload, not of your input. Please report it:\n${printable(trace)}\n`);
  return DEFECT;
}

function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
