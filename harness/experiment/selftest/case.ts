/** The contract of a case of the selftest: something whose truth is known, and how isoload is asked about it. */
import type { Answer } from "./answer.ts";
import type { Live } from "./live.ts";

export interface SelftestCase {
  /** Unique; what `--only` looks for. */
  readonly name: string;
  /** true: where one of its answers is wrong, nothing that follows is worth running. */
  readonly isCondition?: boolean;
  /** Its answers, each as soon as it stands. */
  readonly run: (live: Live) => AsyncIterable<Answer>;
}
