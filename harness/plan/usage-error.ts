/** What the user must act on: the two errors the command line turns into exit codes 2 and 5. */
import type { Problem } from "../../workloads/parameter.ts";

/** Something the user gave is wrong; everything that is wrong with it is listed. */
export class UsageError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.name = "UsageError";
    this.problems = problems;
  }
}

/** A runtime that the user required cannot run here. */
export class MissingRuntimeError extends Error {
  constructor(missing: readonly { readonly runtime: string; readonly reason: string }[]) {
    super(missing.map(({ runtime, reason }) => `${runtime} is required and missing: ${reason}`).join("\n"));
    this.name = "MissingRuntimeError";
  }
}

/** "where: what came, what is allowed, what to do". */
export function formatProblem({ where, message }: Problem): string {
  return where === "" ? message : `${where}: ${message}`;
}
