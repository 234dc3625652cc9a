/** Puts a user's runtime through the conformance table, case by case, up to the first one that fails. */
import { strict as assert } from "node:assert";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Conformance } from "../../../runtimes/conformance/conformance.ts";
import { type Answer, told } from "./answer.ts";
import type { SelftestCase } from "./case.ts";
import type { Subject } from "./subject.ts";

/** Longer than any case takes to give up on a runtime that hangs; beyond it, the table itself hangs with it. */
const SILENCE_LIMIT_MS = 90_000;
const LAST_WORDS_LENGTH = 300;
/** Of the process, for its cases alone: a module may print on its standard output. */
export const CASES_DESCRIPTOR = 3;
/** Its last line: a module may end the process before, and call that a success. */
export const ALL_SAID = "all said";

export function conformingCase(subject: Subject): SelftestCase {
  const { module } = subject;
  assert(module !== null, "a runtime of the catalogue is held to the table by the tests");
  return {
    name: `conformance of ${subject.label}`,
    isCondition: true,
    run: ({ signal }) => conform({ path: module.path, subject, signal }),
  };
}

interface Candidate {
  readonly path: string;
  readonly subject: Subject;
  readonly signal: AbortSignal;
}

async function* conform({ path, subject, signal }: Candidate): AsyncGenerator<Answer> {
  const script = fileURLToPath(new URL("./conformance-process.js", import.meta.url));
  const child = spawn(process.execPath, [script, path, JSON.stringify(subject.options)], {
    stdio: ["pipe", "ignore", "pipe", "pipe"],
  });
  const cases = child.stdio[CASES_DESCRIPTOR];
  assert(cases instanceof Readable, "the descriptor of the cases is a pipe");
  const lastWords = lastLineOf(child);
  const ended: Promise<unknown[]> = once(child, "close");
  const kill = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", kill, { once: true });
  let isSilent = false;
  let isWhole = false;
  const silence = setTimeout(() => {
    isSilent = true;
    kill();
  }, SILENCE_LIMIT_MS);
  try {
    for await (const line of createInterface({ input: cases })) {
      silence.refresh();
      isWhole = line === ALL_SAID;
      if (isWhole) break;
      const { title, wrong } = JSON.parse(line) as Conformance;
      const answer = told(`conformance: ${title}`, wrong.length === 0 ? "ok" : "wrong", wrong.join("; "));
      yield answer;
      if (answer.verdict === "wrong") return;
    }
    const [code, by] = await ended;
    signal.throwIfAborted();
    if (isWhole && code === 0) return;
    const end = isSilent
      ? `its process said nothing for ${SILENCE_LIMIT_MS / 1e3} s`
      : `its process ended with ${by === null ? `exit code ${String(code)}` : String(by)}`;
    yield told(`conformance of ${subject.label}`, "wrong", `${end}: ${lastWords()}`);
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", kill);
    kill();
    await ended;
  }
}

/** The last line that the process has said on its standard error. */
function lastLineOf(child: ChildProcess): () => string {
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (more: string) => {
    text = (text + more).slice(-4096);
  });
  return () => (text.trimEnd().split("\n").at(-1) ?? "").trim().slice(0, LAST_WORDS_LENGTH);
}
