/**
 * The contract of a runtime: what executes a trace. The conformance table holds every runtime to it.
 */
import type { ParameterTable, ParameterValues } from "../workloads/parameter.ts";
import type { OpName } from "../workloads/trace/op.ts";
import type { Trace } from "../workloads/trace/trace.ts";
import type { Records } from "./records.ts";

export type Availability =
  | { readonly available: true; readonly version: string }
  | { readonly available: false; readonly reason: string };

/** Counters a runtime keeps itself, by the names it declares: shown, never compared. */
export type RuntimeStats = Readonly<Record<string, number>>;

/** Executes traces. A runtime is started once in a process, and its process ends after the trial. */
export interface Runtime {
  /** As written in plans and reports, e.g. "work-stealing". */
  readonly name: string;
  /** One sentence for `list`. */
  readonly summary: string;
  /** `one`: runs a single worker whatever the thread list says. */
  readonly workers: "one" | "many";
  /** `virtual`: it reads no clock; its records are model time and no witness runs beside it. */
  readonly time: "live" | "virtual";
  /** Options after the colon, e.g. `work-stealing:lifo=off`. */
  readonly options: ParameterTable;
  /** A sentence on options that contradict each other, or null; absent where none can. */
  misfit?(options: ParameterValues): string | null;
  /** A trace with another op is `unsupported` here: a hole in the table, never a substitute. */
  readonly ops: ReadonlySet<OpName>;
  /** Whether it can run on this machine, and its version. Called by the harness, not in a trial. */
  availability(): Availability;
  /**
   * Brings all workers up and warms them: when the promise resolves, every worker has run every op kind of
   * `settings.warmUp`. Throws when fewer workers or connections than asked for could be had.
   */
  start(settings: RuntimeSettings): Promise<StartedRuntime>;
}

export interface RuntimeSettings {
  readonly workerCount: number;
  /** Cores this process may use. */
  readonly coreCount: number;
  /** Options that passed the runtime's table. */
  readonly options: ParameterValues;
  readonly trace: Trace;
  /** Empty, shared, shaped for the trace and workerCount + 1 lanes; the last lane is the releaser's. */
  readonly records: Records;
  /** A small fixed trace of every op kind. It has records of its own, which the runtime throws away. */
  readonly warmUp: Trace;
  /** Where the echo peer listens; null where the trace needs none. */
  readonly peerPort: number | null;
  /** Measured cost of one kernel unit on this machine, for model time. */
  readonly unitNs: number;
}

/** Whether workers and echo peer leave a core for a releaser that spins. */
export function maySpin({
  workerCount,
  coreCount,
  peerPort,
}: Pick<RuntimeSettings, "workerCount" | "coreCount" | "peerPort">): boolean {
  return workerCount + (peerPort === null ? 0 : 1) < coreCount;
}

export interface StartedRuntime {
  /**
   * Runs every task of the trace exactly once, and every canary, until `stop`; the recorder fills the records.
   * The header's epoch is set before the call. Resolves with the runtime's own counters once all workers have
   * left their loops; a virtual runtime resolves by itself. Rejects when a worker died.
   */
  execute(): Promise<RuntimeStats>;
  /**
   * The witness has set the header's `stop`: wake all who wait, so that they see it. Returns at once.
   * Called once, after the last task and canary ended or at the cut-off.
   */
  stop(): void;
}
