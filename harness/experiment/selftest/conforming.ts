/** Puts a user's runtime through the conformance table, case by case, up to the first one that fails. */
import { strict as assert } from "node:assert";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { lastWordsOf } from "../../../reports/last-words.ts";
import type { Abort } from "../../trial/abort.ts";
import { startTalker } from "../../trial/channel.ts";
import { type Answer, told } from "./answer.ts";
import type { SelftestCase } from "./case.ts";
import type { Said } from "./conformance-process.ts";
import type { Subject } from "./subject.ts";

/** Longer than any case takes to give up on a runtime that hangs; beyond it, the table itself hangs with it. */
const SILENCE_LIMIT_MS = 90_000;

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
  readonly signal: Abort;
}

async function* conform({ path, subject, signal }: Candidate): AsyncGenerator<Answer> {
  const script = fileURLToPath(new URL("./conformance-process.js", import.meta.url));
  const { child, lines, printed } = startTalker(process.execPath, [
    script,
    path,
    JSON.stringify(subject.options),
  ]);
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
    for await (const line of lines) {
      silence.refresh();
      const said = JSON.parse(line) as Said;
      if ("isWhole" in said) {
        isWhole = true;
        break;
      }
      const { title, wrong } = said;
      const answer = told(
        `conformance of ${subject.label}: ${title}`,
        wrong.length === 0 ? "ok" : "wrong",
        wrong.join("; "),
      );
      yield answer;
      if (answer.verdict === "wrong") return;
    }
    const [code, by] = await ended;
    signal.throwIfAborted();
    if (isWhole && code === 0) return;
    const end = isSilent
      ? `its process said nothing for ${SILENCE_LIMIT_MS / 1e3} s`
      : `its process ended with ${by === null ? `exit code ${String(code)}` : String(by)}`;
    yield told(`conformance of ${subject.label}`, "wrong", `${end}: ${lastWordsOf(printed())}`);
  } finally {
    clearTimeout(silence);
    signal.removeEventListener("abort", kill);
    kill();
    await ended;
  }
}
