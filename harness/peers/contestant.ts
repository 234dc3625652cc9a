/** The contract of who takes part in the peers bench. The catalogue is `contestants.ts`. */
import type { Answer } from "./job.ts";
import type { Work } from "./work.ts";

/** `isoload`: by a trial, with records. `program`: by itself. `pool`: a package. `model`: in virtual time. */
export type Family = "isoload" | "program" | "pool" | "model";

export interface Contestant {
  /** As written in flags and reports, e.g. "piscina" or "work-stealing:lifo=off". */
  readonly name: string;
  readonly family: Family;
  /** How it is set up here and why so, in a sentence. */
  readonly setup: string;
  /** The shapes it enters, for variants; null: all that are open to its family. */
  readonly only: readonly string[] | null;
  /** Called once before the first round; may build. Its version, or why it cannot take part and what to do. */
  prepare(): { readonly version: string } | { readonly absent: string };
  /** Does the work in a fresh process, bounded in time. Throws a `Fault` where that process failed. */
  run(work: Work): Promise<Answer>;
}

/** What the world did to a contestant: it becomes a row of the result, not an error of the bench. */
export class Fault extends Error {
  override readonly name = "Fault";
}
