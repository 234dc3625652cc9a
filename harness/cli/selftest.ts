/** `isoload selftest`: what isoload says against known truth, here and now. Exit 4 where it said something wrong. */
import type { Command } from "commander";
import type { Answer, SelftestProgress } from "../experiment/index.ts";
import type { Context, Library } from "./context.ts";
import { INVALID, OK } from "./exit.ts";
import { examples, formatProblems, strayProblems } from "./flags.ts";
import { printable } from "./printable.ts";
import { CLEAR_LINE } from "./progress.ts";

interface SelftestFlags {
  readonly format: string;
  readonly runtime?: string;
  readonly only?: string;
  readonly strict?: true;
}

export function registerSelftest(program: Command, context: Context): void {
  program
    .command("selftest")
    .description(
      "within a minute: what isoload says against known truth, on this machine; exit 4 where it is wrong",
    )
    .option(
      "-r, --runtime <module>",
      "a runtime of your own, e.g. ./mine.mjs: through the conformance table first",
    )
    .option("--only <names>", "cases that have one of these texts in their name, e.g. D5,freeze")
    .option("--strict", "exit 4 also where a case could not be judged, e.g. on a noisy machine")
    .option("--format <name>", "table or json", "table")
    .allowUnknownOption()
    .allowExcessArguments()
    .addHelpText(
      "after",
      examples([
        "isoload selftest",
        "isoload selftest --only D5,freeze",
        "isoload selftest --strict --format json",
      ]),
    )
    .action(async (flags: SelftestFlags, command: Command) => {
      context.exit(await selftest(context, flags, command));
    });
}

async function selftest(context: Context, flags: SelftestFlags, command: Command): Promise<number> {
  const library = await context.load();
  const { format, runtime, only, strict = false } = flags;
  const problems = [
    ...strayProblems(command, library),
    ...formatProblems(format, ["table", "json"], library),
  ];
  const asked = { runtime, only: only?.split(","), signal: context.signal };
  if (problems.length > 0) {
    throw new library.UsageError([...problems, ...(await library.selftestProblems(asked))]);
  }
  const { isoloadVersion, elapsedNs, answers } = await library.selftest({
    ...asked,
    onProgress: (progress) => show(context, progress, { format, library }),
  });
  if (context.terminal.live) context.err(CLEAR_LINE);
  const summary = library.selftestSummary(answers, elapsedNs);
  const document = { isoloadVersion, elapsedNs, summary, answers };
  context.out(format === "json" ? `${JSON.stringify(document, null, 2)}\n` : `${summary}\n`);
  return codeOf(answers, strict);
}

/** Findings are results, each printed as soon as it stands; what is under way is progress. */
function show(
  { out, err, terminal }: Context,
  progress: SelftestProgress,
  { format, library }: { readonly format: string; readonly library: Library },
): void {
  if (progress.kind === "started") {
    const text = printable(`[${progress.index}/${progress.caseCount}] ${progress.name}`);
    if (terminal.live) err(CLEAR_LINE + text.slice(0, Math.max(20, terminal.width - 1)));
    return;
  }
  if (terminal.live) err(CLEAR_LINE);
  const line = `${printable(library.answerLine(progress.answer))}\n`;
  if (format === "json") err(line);
  else out(line);
}

/** No data is never 0: something must have been as it must be. */
export function codeOf(answers: readonly Answer[], strict: boolean): number {
  const has = (verdict: Answer["verdict"]): boolean => answers.some((each) => each.verdict === verdict);
  return has("wrong") || !has("ok") || (strict && has("not-judged")) ? INVALID : OK;
}
