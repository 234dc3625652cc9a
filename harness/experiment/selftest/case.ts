/** The contract of a case of the selftest: something whose truth is known, and how isoload is asked about it. */
import { type Answer, told } from "./answer.ts";
import type { Live } from "./live.ts";
import type { Subject } from "./subject.ts";

export interface SelftestCase {
  /** Unique; what `--only` looks for. */
  readonly name: string;
  /** true: where one of its answers is wrong, nothing that follows is worth running. */
  readonly isCondition?: boolean;
  /** Its answers, each as soon as it stands. */
  readonly run: (live: Live) => AsyncIterable<Answer>;
}

/** A case on one runtime, which is not judged where that runtime is missing. */
export function caseOn(
  subject: Subject,
  what: string,
  find: (live: Live, name: string) => Promise<readonly Answer[]>,
): SelftestCase {
  const name = `${what} on ${subject.label}`;
  return {
    name,
    run: async function* (live) {
      const { missingBecause } = subject;
      yield* missingBecause === null ? await find(live, name) : [told(name, "not-judged", missingBecause)];
    },
  };
}
