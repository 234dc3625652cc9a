import { expect, test } from "vitest";
import { lastWordsOf } from "./last-words.ts";

const stack = "----- Native stack trace -----\n\n 1: 0x10a0 node::Abort()\n 2: 0x7f5f  [/lib/libc.so.6]\n";

test.each([
  ["the last line", "one\nError: two\n\n", "Error: two"],
  ["nothing of a process that said nothing", "", ""],
  [
    "what the engine called fatal, not its frames",
    `hello\n#\n# Fatal error in , line 0\n# Fatal JavaScript invalid size error 169220804\n#\n${stack}`,
    "Fatal JavaScript invalid size error 169220804",
  ],
  ["what ended the engine", `FATAL ERROR: Reached heap limit\n${stack}`, "FATAL ERROR: Reached heap limit"],
  ["the last line where fatal is only a word", "nothing fatal here\nError: two\n", "Error: two"],
  ["the last frame where nothing is called fatal", "1: 0x10a0 node::Abort()", "1: 0x10a0 node::Abort()"],
])("last words are %s", (_, printed, words) => {
  expect(lastWordsOf(printed)).toBe(words);
});
