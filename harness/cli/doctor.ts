/** `isoload doctor`: what on this machine would spoil results, and how noisy it is. Exit 1 where something would. */
import type { Command } from "commander";
import type { Examination } from "../experiment/index.ts";
import { columns } from "./columns.ts";
import type { Context, Library } from "./context.ts";
import { MISSED, OK } from "./exit.ts";
import { examples, formatProblems, strayProblems } from "./flags.ts";
import { printable } from "./printable.ts";

export function registerDoctor(program: Command, context: Context): void {
  program
    .command("doctor")
    .description("what on this machine would spoil results; exit 1 where a verdict is bad")
    .option("--format <name>", "table or json", "table")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText("after", examples(["isoload doctor", "isoload doctor --format json"]))
    .action(async ({ format }: { readonly format: string }, command: Command) => {
      const library = await context.load();
      const problems = [
        ...strayProblems(command, library),
        ...formatProblems(format, ["table", "json"], library),
      ];
      if (problems.length > 0) throw new library.UsageError(problems);
      context.err("measuring this machine for four seconds: start nothing else meanwhile\n");
      const examination = await library.unlessAborted(library.examineMachine(), context.signal);
      const { findings } = examination;
      context.out(
        format === "json" ? `${JSON.stringify(examination, null, 2)}\n` : textOf(examination, library),
      );
      context.exit(findings.some(({ verdict }) => verdict === "bad") ? MISSED : OK);
    });
}

function textOf({ findings, noise }: Examination, { noiseLines }: Library): string {
  const rows = columns(findings.map(({ verdict, name, value }) => [verdict, name, value])).split("\n");
  const lines = findings.flatMap(({ remedy }, index) => [
    rows[index] ?? "",
    ...(remedy === "" ? [] : [`${REMEDY_INDENT}${printable(remedy)}`]),
  ]);
  return `${[...noiseLines(noise), "", ...lines].join("\n")}\n`;
}

/** Below the name, past the longest verdict. */
const REMEDY_INDENT = " ".repeat("unknown".length + 4);
