/**
 * The contract of a workload and the composition it answers with: the load as data, before any seed.
 */
import type { ParameterTable, ParameterValues } from "./parameter.ts";
import type { Arrivals } from "./trace/arrivals.ts";

export type Family = "overhead" | "io" | "cpu" | "blocking";

/** A kind of load. Pure: the same parameters and duration give the same composition. */
export interface Workload {
  /** As written in plans and reports, e.g. "block-k". */
  readonly name: string;
  readonly family: Family;
  /** One sentence: what a run of it shows. */
  readonly shows: string;
  readonly parameters: ParameterTable;
  /** true: the load ends by its own count, and `--duration` has no effect with these parameters. */
  isCounted(parameters: ParameterValues): boolean;
  /**
   * The load as data, or a sentence on why these parameters do not fit the duration.
   * Called with values that passed the parameter table.
   */
  describe(parameters: ParameterValues, durationNs: number): Composition | { misfit: string };
}

/** A load as data: classes, and streams that release tasks of these classes. */
export interface Composition {
  readonly classes: readonly ClassSpec[];
  /** Name of the class whose percentiles are the trial's headline. */
  readonly measured: string;
  /** Length of the measured window in ns; 0: the trial ends when the last task is done. */
  readonly windowNs: number;
  /** Connections to the peer in all; 0 where no op needs one. */
  readonly connectionCount: number;
  /** In order of precedence: of two tasks due at the same instant the one of the earlier stream is first. */
  readonly streams: readonly Stream[];
}

export interface ClassSpec {
  readonly name: string;
  /** A task not done this long after its arrival counts as unserved. */
  readonly deadlineNs?: number;
}

/** Tasks released by one rule. Each is drawn from `variants` by share. */
export interface Stream {
  readonly release: Release;
  readonly variants: readonly Variant[];
}

export type Release =
  /**
   * Open loop: released by the schedule. With `sessionCount`, task k belongs to session k mod sessionCount
   * and also waits for the task before it in that session.
   */
  | { readonly loop: "open"; readonly arrivals: Arrivals; readonly sessionCount?: number }
  /** Closed loop: `sessionCount` chains share `taskCount` tasks; each task follows the one before it. */
  | {
      readonly loop: "closed";
      readonly sessionCount: number;
      readonly taskCount: number;
      readonly thinkNs: Distribution;
    };

export interface Variant extends TaskSpec {
  /** 0…1; the shares of a stream's variants add up to 1. */
  readonly share: number;
}

export interface TaskSpec {
  readonly class: string;
  readonly ops: readonly OpSpec[];
}

/** An op with its operands before any seed. Units as in the op table. */
export type OpSpec =
  | { readonly op: "cpu"; readonly units: Distribution }
  | { readonly op: "block"; readonly ns: Distribution }
  | { readonly op: "sleep"; readonly ns: Distribution }
  | { readonly op: "yield" }
  | { readonly op: "echo"; readonly bytes: Distribution; readonly replyDelayNs: Distribution }
  | { readonly op: "spawn"; readonly children: readonly TaskSpec[] }
  /** Waits for the children of the last spawn. */
  | { readonly op: "join" };

export type Distribution =
  | number
  | { readonly kind: "exponential"; readonly mean: number }
  | { readonly kind: "uniform"; readonly min: number; readonly max: number };
