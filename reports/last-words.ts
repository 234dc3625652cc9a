/** What a process that broke said last: the one line of its output that a reader is shown. */

const LENGTH_LIMIT = 300;
/** A line of the engine's own stack, e.g. " 7: 0x7f5f1c0 node::Abort()". */
const NATIVE_FRAME = /^\s*\d+: 0x/;

/**
 * The last line of `printed`, or "". Where an engine breaks, frames of its own stack come last and tell a reader
 * nothing: then it is the last line before them that calls something fatal.
 */
export function lastWordsOf(printed: string): string {
  const lines = printed.trimEnd().split("\n");
  const last = lines.at(-1) ?? "";
  const fatal = NATIVE_FRAME.test(last) ? lines.findLast((line) => /fatal/i.test(line)) : undefined;
  return (fatal ?? last)
    .replace(/^[#\s]+/, "")
    .trim()
    .slice(0, LENGTH_LIMIT);
}
