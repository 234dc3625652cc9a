/** How a run ends: the document on standard output, warnings on standard error, the exit code. */
import type { ResultDocument, RunOutcome } from "../experiment/index.ts";
import type { Context, Library } from "./context.ts";
import { Interruption, verdictOf } from "./exit.ts";
import { printable } from "./printable.ts";

export function finishRun(
  { run, document, interrupted }: RunOutcome,
  { context, library, format }: { context: Context; library: Library; format: string },
): number {
  context.out(renderDocument(document, { context, library, format }));
  const { code, warnings, notes } = verdictOf(document);
  if (interrupted && context.signal.reason instanceof Interruption) {
    context.err(
      `${context.signal.reason.message}; what is complete is kept.\nGo on: isoload run --resume ${run}\n`,
    );
    return context.signal.reason.exitCode;
  }
  for (const note of notes) context.err(`note: ${printable(note)}\n`);
  for (const warning of warnings) context.err(`warning: ${printable(warning)}\n`);
  return code;
}

export function renderDocument(
  document: ResultDocument,
  {
    context,
    library,
    format,
    distances = false,
  }: { context: Context; library: Library; format: string; distances?: boolean },
): string {
  const chosen = library.formats.find(({ name }) => name === format);
  if (chosen === undefined) throw new Error(`no format is called ${format}`);
  const { color, width } = context.terminal;
  return chosen.render(document, { color, width, distances });
}
