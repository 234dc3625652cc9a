/**
 * What isoload says of things whose truth is known, here and now: runs the cases one after another, since most of
 * them are about time, and none is worth anything beside another one.
 */
import { monotonicNs } from "../../../runtimes/clock.ts";
import type { Problem } from "../../../workloads/parameter.ts";
import { calibrate } from "../../machine/calibration.ts";
import { readCores } from "../../machine/cores.ts";
import { UsageError } from "../../plan/usage-error.ts";
import type { Abort } from "../../trial/abort.ts";
import { isoloadVersion } from "../../trial/version.ts";
import { unlessAborted } from "../unless-aborted.ts";
import { type Answer, told } from "./answer.ts";
import type { SelftestCase } from "./case.ts";
import { catalogueCases, userCases } from "./cases.ts";
import { type Live, withLive } from "./live.ts";
import { userSubject } from "./subject.ts";

export interface SelftestOptions {
  /** A user's runtime, e.g. "./mine.mjs:depth=3": it is held to the conformance table and what applies to it, and nothing else is run. */
  readonly runtime?: string | undefined;
  /** Cases whose name contains one of these texts; absent: all. */
  readonly only?: readonly string[] | undefined;
  readonly onProgress?: (progress: SelftestProgress) => void;
  /** Aborting ends the current trial; `selftest` then rejects with the signal's reason. */
  readonly signal?: Abort;
}

export type SelftestProgress =
  /** `index` from 1. */
  | {
      readonly kind: "started";
      readonly name: string;
      readonly index: number;
      readonly caseCount: number;
    }
  | { readonly kind: "found"; readonly answer: Answer };

export interface Selftest {
  readonly isoloadVersion: string;
  readonly elapsedNs: number;
  readonly answers: readonly Answer[];
}

/** Throws a UsageError where the module is no runtime, or no case has such a name. Keeps no files. */
export async function selftest(options: SelftestOptions = {}): Promise<Selftest> {
  const { onProgress = () => undefined, signal = new AbortController().signal } = options;
  const cases = await casesOf(options, signal);
  const startedNs = monotonicNs();
  const machine = { coreCount: readCores().count, unitNs: calibrate().unitNs, signal };
  const answers = await withLive(machine, (live) => runCases(cases, live, onProgress));
  return { isoloadVersion, elapsedNs: monotonicNs() - startedNs, answers };
}

/** What `selftest` would refuse of these. A module that is none decides nothing of its cases. */
export async function selftestProblems(options: SelftestOptions): Promise<readonly Problem[]> {
  try {
    await casesOf(options, options.signal ?? new AbortController().signal);
    return [];
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
}

/** Throws a UsageError. */
async function casesOf({ runtime, only }: SelftestOptions, signal: Abort): Promise<readonly SelftestCase[]> {
  if (runtime === undefined) return chosen(catalogueCases(), only);
  return chosen(userCases(await unlessAborted(userSubject(runtime), signal)), only);
}

/** The answers of all cases; of those behind a condition that is not met, that they were not run. */
export async function runCases(
  cases: readonly SelftestCase[],
  live: Live,
  onProgress: (progress: SelftestProgress) => void,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  let broken: string | null = null;
  for (const [index, { name, isCondition = false, run }] of cases.entries()) {
    live.signal.throwIfAborted();
    onProgress({ kind: "started", name, index: index + 1, caseCount: cases.length });
    const own = broken === null ? run(live) : [told(name, "not-judged", `not run: ${broken} failed`)];
    for await (const answer of own) {
      answers.push(answer);
      onProgress({ kind: "found", answer });
      if (isCondition && answer.verdict === "wrong") broken = name;
    }
  }
  return answers;
}

/** Throws a UsageError that names every text which no case contains. */
function chosen(
  cases: readonly SelftestCase[],
  only: readonly string[] | undefined,
): readonly SelftestCase[] {
  if (only === undefined) return cases;
  const contains = ({ name }: SelftestCase, text: string): boolean =>
    name.toLowerCase().includes(text.toLowerCase());
  const kinds = [...new Set(cases.map(({ name }) => name.split(" on ")[0] ?? name))];
  const problems = only
    .filter((text) => text === "" || !cases.some((each) => contains(each, text)))
    .map(
      (text): Problem => ({
        where: "--only",
        message: `no case has ${JSON.stringify(text)} in its name. There are: ${kinds.join(" · ")}.`,
      }),
    );
  if (problems.length > 0) throw new UsageError(problems);
  return cases.filter((each) => only.some((text) => contains(each, text)));
}
