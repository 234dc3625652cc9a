#!/usr/bin/env node
/** The command `isoload`: connects the program to this process. The only file that ends it. */
import type { Context } from "./context.ts";
import { DEFECT, Interruption } from "./exit.ts";
import { explain, explainEnd, explainOutput, explainUncaught } from "./explain.ts";
import { buildProgram } from "./program.ts";
import { claimStandardOutput } from "./standard-output.ts";
import { readTerminal } from "./terminal.ts";

/** How isoload itself ends the process; anybody else who does finds `isOver` false. */
const ended = { isOver: false, code: DEFECT };

await main();

async function main(): Promise<void> {
  const interruption = new AbortController();
  const output = claimStandardOutput();
  const context: Context = {
    load: () => import("../experiment/index.ts"),
    variables: process.env,
    out: output.write,
    err: (text) => process.stderr.write(text),
    terminal: readTerminal(process),
    signal: interruption.signal,
    exit: (code) => {
      ended.code = code;
    },
  };
  listen(context, interruption);
  try {
    await buildProgram(context).parseAsync(process.argv);
  } catch (error) {
    ended.code = await explain(error, context);
  }
  const failure = await output.settled();
  end(failure === null ? ended.code : explainOutput(failure, ended.code, context));
}

/** Hears what comes from outside of the command: signals, and what plan and runtime modules do to the process. */
function listen(context: Context, interruption: AbortController): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // Asked twice, it ends at once; what is complete is on disk already.
      if (interruption.signal.aborted) end(new Interruption(signal).exitCode);
      interruption.abort(new Interruption(signal));
    });
  }
  // Who cannot be told is told nothing; the exit code stands.
  process.stderr.on("error", () => undefined);
  // A promise's rejection that nobody handles comes here, too.
  process.on("uncaughtException", (error) => end(explainUncaught(error, context)));
  process.on("exit", () => {
    if (!ended.isOver) process.exitCode = explainEnd(new Error("ended").stack ?? "", context);
  });
}

function end(code: number): never {
  ended.isOver = true;
  process.exit(code);
}
