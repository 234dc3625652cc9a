/** `isoload doctor`: what on this machine would spoil results. Exit 1 where something would. */
import type { Command } from "commander";
import { columns } from "./columns.ts";
import type { Context } from "./context.ts";
import { MISSED, OK } from "./exit.ts";
import { examples, formatProblems, strayProblems } from "./flags.ts";

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
      const findings = await library.examineMachine();
      const rows = findings.map(({ name, value, verdict, remedy }) => [verdict, name, value, remedy]);
      context.out(format === "json" ? `${JSON.stringify({ findings }, null, 2)}\n` : columns(rows));
      context.exit(findings.some(({ verdict }) => verdict === "bad") ? MISSED : OK);
    });
}
