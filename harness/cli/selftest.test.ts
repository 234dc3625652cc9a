import { expect, test } from "vitest";
import type { Answer } from "../experiment/index.ts";
import { codeOf } from "./selftest.ts";

const answered = (...verdicts: readonly Answer["verdict"][]): Answer[] =>
  verdicts.map((verdict) => ({
    name: "x",
    verdict,
    figures: [],
    remark: "",
    validCount: 0,
    refusedCount: 0,
  }));

test.each([
  [answered("ok", "ok"), false, 0],
  [answered("ok", "wrong"), false, 4],
  [answered("ok", "not-judged"), false, 0],
  [answered("ok", "not-judged"), true, 4],
  [answered("ok"), true, 0],
  [answered("not-judged"), false, 4],
  [answered(), false, 4],
])("of %j, strict %s, the exit code is %d", (answers, strict, code) => {
  expect(codeOf(answers, strict)).toBe(code);
});
