/**
 * The contract of a metric: a figure with a name, a unit, a definition and a source.
 *
 * Columns, schema, limits and help follow from the catalogue: a figure that stands in no metric is in no report.
 */
export type Unit = "ns" | "share" | "count" | "perSecond" | "bytes";
export type Better = "lower" | "higher" | "neither";

/** `Trial`: the measures of one trial from which the figure is read. */
export interface Metric<Trial> {
  /** Unique; as in limits and columns, e.g. "waitNs.p99". */
  readonly name: string;
  /** The part of a document's `metrics` in which it stands; null: at the top. */
  readonly section: "starvation" | "eventLoop" | "tokioMetrics" | "resources" | "sensors" | null;
  readonly unit: Unit;
  readonly better: Better;
  readonly definition: string;
  /** Who defined it so, or from which records it is taken. */
  readonly source: string;
  /** The figure of one trial; null: the trial cannot say. */
  readonly of: (trial: Trial) => number | null;
}
