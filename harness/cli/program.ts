/** The command line as a whole: every command, and what a bare or unknown one says. */
import { Command, CommanderError } from "commander";
import type { Problem } from "../experiment/index.ts";
import type { Context, Library, Register } from "./context.ts";
import { registerDoctor } from "./doctor.ts";
import { OK, USAGE } from "./exit.ts";
import { examples, lineOf, strayProblems } from "./flags.ts";
import { registerList } from "./list.ts";
import { registerQuick } from "./quick.ts";
import { registerReport } from "./report.ts";
import { registerRun } from "./run.ts";
import { registerSelftest } from "./selftest.ts";
import { registerTrace } from "./trace.ts";
import { registerVerify } from "./verify.ts";

const commands: readonly Register[] = [
  registerQuick,
  registerRun,
  registerList,
  registerReport,
  registerVerify,
  registerDoctor,
  registerSelftest,
  registerTrace,
];

/** Throws commander's own error for what its parser refuses, a UsageError for what the commands do. */
export function buildProgram(context: Context): Command {
  const program = new Command("isoload")
    .description(
      "Puts the same load on every async runtime and says, with proof, who was fast, who was late and who starved.",
    )
    .option("-V, --version", "print the version")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      "after",
      `${examples(["isoload quick", "isoload run -w block-k -t 1x,2x", "isoload list"])}
Exit codes: 0 ok, 1 doctor found something bad, 2 usage, the disk or a module of yours,
  4 invalid measurement, damaged run or wrong selftest, 5 a required runtime is missing, 70 a defect of isoload, 130 and 143 interrupted`,
    );
  // Before the commands are added: they inherit both.
  program.exitOverride().configureOutput({ writeOut: context.out, writeErr: () => undefined });
  for (const register of commands) register(program, context);
  registerHelp(program, context);
  for (const command of program.commands) {
    command.exitOverride((error) => {
      throw refusalOf(error, command);
    });
  }
  return program.action(async ({ version }: { readonly version?: true }) => {
    const library = await context.load();
    const [name] = program.args;
    if (version === true) {
      context.out(`${library.isoloadVersion}\n`);
      context.exit(OK);
    } else if (name === undefined) {
      context.err(program.helpInformation());
      context.exit(USAGE);
    } else if (name.startsWith("-")) {
      throw new library.UsageError(strayProblems(program, library));
    } else {
      throw new library.UsageError([unknownCommand(name, program, library)]);
    }
  });
}

function registerHelp(program: Command, context: Context): void {
  program
    .command("help")
    .argument("[command]", "the name of a command")
    .description("the same as --help, of isoload or of one of its commands")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText("after", examples(["isoload help", "isoload help run"]))
    .action(async (name: string | undefined, _options: object, help: Command) => {
      const library = await context.load();
      const asked = name === undefined ? program : program.commands.find((each) => each.name() === name);
      const problems = strayProblems(help, library);
      if (asked === undefined && problems.length === 0) {
        problems.push(unknownCommand(String(name), program, library));
      }
      if (asked === undefined || problems.length > 0) throw new library.UsageError(problems);
      asked.outputHelp();
      context.exit(OK);
    });
}

function unknownCommand(name: string, program: Command, { unknownName }: Library): Problem {
  const known = program.commands.map((command) => command.name());
  return { where: "", message: unknownName("command", name, known) };
}

/** Commander's own error for something that is missing, with what is allowed and where to read on. */
function refusalOf(error: CommanderError, command: Command): CommanderError {
  const { code, exitCode, message } = error;
  const option = command.options.find(({ flags }) => message.includes(`'${flags}'`));
  const [argument] = command.registeredArguments;
  const missing =
    code === "commander.optionMissingArgument"
      ? `${option?.flags}: ${option?.description}`
      : code === "commander.missingArgument"
        ? `<${argument?.name()}>: ${argument?.description}`
        : null;
  if (missing === null) return error;
  const name = lineOf(command);
  return new CommanderError(exitCode, code, `${name} lacks a value for ${missing}. See ${name} --help.`);
}
