import { expect, test } from "vitest";
import type { Context } from "./context.ts";
import { explain, explainOutput, explainUncaught } from "./explain.ts";

/** What was said, and by what the process would end. */
async function saidOf(
  work: (context: Context) => Promise<number> | number,
): Promise<{ said: string; code: number }> {
  let said = "";
  const context: Context = {
    load: () => import("../experiment/index.ts"),
    variables: {},
    out: (text) => expect.unreachable(text),
    err: (text) => {
      said += text;
    },
    terminal: { color: false, width: 100, live: false },
    signal: new AbortController().signal,
    exit: (code) => expect.unreachable(String(code)),
  };
  const code = await work(context);
  return { said, code };
}

const failureOf = (code: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: no luck`), { code });

test.each([
  ["ENOSPC", "Make room. What is complete of a run is kept: isoload run --resume goes on with it."],
  ["EACCES", "Mend the rights, or copy the run to where you have them. What is complete"],
])("%s is the user's to mend, by what a resume takes, too", async (code, advice) => {
  const { said, code: exitCode } = await saidOf((context) => explain(failureOf(code), context));
  expect(exitCode).toBe(2);
  expect(said).toContain(advice);
  expect(said).not.toContain("-o");
});

test.each([
  ["EPIPE", 0, 0, ""],
  ["EPIPE", 4, 4, ""],
  ["ENOSPC", 0, 2, "ENOSPC: no luck. Make room"],
  ["ENOSPC", 4, 4, "ENOSPC: no luck. Make room"],
])("output that ends with %s makes of code %d code %d", async (failure, before, after, part) => {
  const { said, code } = await saidOf((context) => explainOutput(failureOf(failure), before, context));
  expect(code).toBe(after);
  expect(said).toContain(part);
  expect(said === "").toBe(part === "");
});

test("what nobody caught is a defect where no code of the user's had a part in it", async () => {
  const error = new Error("no luck");
  error.stack = "Error: no luck\n    at node:internal/timers:1:1";
  expect(await saidOf((context) => explainUncaught(error, context))).toEqual({
    code: 70,
    said: expect.stringMatching(
      /^This is a defect of isoload.*\nError: no luck\n.*\nIf a run was under way, /,
    ),
  });
});
