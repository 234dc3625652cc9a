/**
 * Runtimes that cheat: each must be refused, and for what it did; the same scheduler that does not cheat must pass.
 *
 * What convicts them is no figure of time, so a few of them run side by side: most of their time they wait for a
 * cut-off that never comes sooner.
 */
import { strict as assert } from "node:assert";
import { fileURLToPath } from "node:url";
import { build } from "../../../workloads/trace/build.ts";
import { type Answer, told } from "./answer.ts";
import type { SelftestCase } from "./case.ts";
import type { Cheat } from "./cheats/cheat.ts";
import { cheatNamed, HONEST } from "./cheats/cheats.ts";
import { cheatLoad, cheatWorkerCount } from "./cheats/load.ts";
import type { JudgedTrial, Live } from "./live.ts";
import { CANARY_PERIOD_NS } from "./loads.ts";
import { moduleSubject } from "./subject.ts";

const TOGETHER = 4;
/** One of each kind; the tests have every cheat there is, which takes longer than a selftest may. */
const suspects: readonly string[] = [
  // These two wait for the cut-off: the others run meanwhile.
  "drops-a-task",
  "skips-canaries",
  "runs-one-twice",
  "wrong-checksum",
  "skips-blocks",
  "skips-sleeps",
  "skips-computing",
  "lies-about-start",
  "lies-about-finish",
  "shows-model-records",
  "runs-lazily",
  "fewer-workers",
  "fewer-connections",
];
/** A trial that noise hid the cheat of is run anew, so many times in all. */
const ATTEMPTS = 3;

export function cheatingCases(): SelftestCase[] {
  return [{ name: "cheating runtimes", run: convict }];
}

/** Answers in the order of the table, each as soon as it and those before it stand. */
async function* convict(live: Live): AsyncGenerator<Answer> {
  const waiting = [null, ...suspects.map(suspectNamed)];
  const pending: Promise<Answer>[] = [];
  const begin = (): void => {
    const suspect = waiting.shift();
    if (suspect !== undefined) pending.push(judge(live, suspect));
  };
  for (let together = 0; together < TOGETHER; together++) begin();
  for (let answer = pending.shift(); answer !== undefined; answer = pending.shift()) {
    yield await answer;
    begin();
  }
}

function suspectNamed(name: string): Cheat {
  const cheat = cheatNamed(name);
  assert(cheat !== null, `no cheat is called ${name}`);
  return cheat;
}

/** `cheat`: null for the one that is honest. */
async function judge(live: Live, cheat: Cheat | null): Promise<Answer> {
  const module = fileURLToPath(new URL("./cheats/runtime.js", import.meta.url));
  const subject = await moduleSubject(module, { cheat: cheat?.name ?? HONEST });
  const trace = build(cheatLoad, 1, { periodNs: CANARY_PERIOD_NS });
  for (let attempt = 1; ; attempt++) {
    const trial = await live.trial({ trace, subject, workerCount: cheatWorkerCount });
    const answer = cheat === null ? honestAnswer(trial) : cheatAnswer(cheat, trial);
    if (answer.verdict !== "not-judged" || attempt === ATTEMPTS) return answer;
  }
}

/** Right where it was refused for what it did. Where only the machine is to blame, nothing is known of it. */
export function cheatAnswer({ name, does, outcome, because }: Cheat, { row }: JudgedTrial): Answer {
  const what = `cheat ${name}`;
  const why = row.invalidBecause.join("; ");
  if (row.valid) return told(what, "wrong", `it ${does}, and its trial counts as valid`);
  if (because.test(why) && row.outcome === outcome) {
    const reason = row.invalidBecause.find((each) => because.test(each)) ?? why;
    return told(what, "ok", `refused: ${reason}`);
  }
  if (row.refusal === "noise") return told(what, "not-judged", `the machine is noisy: ${why}`);
  return told(what, "wrong", `it ${does}, and it was refused for another reason: ${row.outcome}: ${why}`);
}

/** The control of the controls: side by side with cheats its trial may be noisy, and nothing else. */
export function honestAnswer({ row }: JudgedTrial): Answer {
  const why = row.invalidBecause.join("; ");
  const isSound = row.valid || row.refusal === "noise";
  return told(
    "no cheat",
    isSound ? "ok" : "wrong",
    isSound ? "its work is proven" : `${row.outcome}: ${why}`,
  );
}
