/** `isoload verify`: is every byte of a run as it was written, and does the analysis give its result again? */
import type { Command } from "commander";
import type { Context } from "./context.ts";
import { INVALID, OK } from "./exit.ts";
import { examples, strayProblems } from "./flags.ts";
import { printable } from "./printable.ts";

export function registerVerify(program: Command, context: Context): void {
  program
    .command("verify")
    .argument("<run>", 'a run folder, an id, or "latest"')
    .description("check every byte of a run, and its result against its raw records; exit 4 for any damage")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText("after", examples(["isoload verify latest"]))
    .action(async (reference: string, _options: object, command: Command) => {
      const library = await context.load();
      const problems = strayProblems(command, library);
      if (problems.length > 0) throw new library.UsageError(problems);
      const { run, damage, document } = library.verifyRun(reference);
      for (const sentence of damage) context.err(`${printable(`${run}: ${sentence}`)}\n`);
      if (document === null || damage.length > 0) {
        context.err(`${run} is damaged in ${damage.length} ${damage.length === 1 ? "way" : "ways"}.\n`);
        context.exit(INVALID);
        return;
      }
      const { plan, trials, state } = document;
      context.out(
        `${run} is whole: ${library.trialsText(trials, plan.trialCount)} (${state}), every checksum right, the result follows from the records.\n`,
      );
      context.exit(OK);
    });
}
