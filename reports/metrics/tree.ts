/** How metrics are filed in a document: by section and by the dots of their names, the same for all leaves. */
import { strict as assert } from "node:assert";
import { metrics } from "./catalog.ts";
import type { Measures } from "./measures.ts";
import type { Metric } from "./metric.ts";

/** A leaf is a figure of a trial or an estimate of a cell; inner nodes are the sections and summaries. */
export type MetricTree<Leaf> = { readonly [name: string]: Leaf | MetricTree<Leaf> };

/** The keys that lead to a metric, e.g. starvation, canaryDelayNs, p99. */
export function pathOf({ section, name }: Metric<Measures>): string[] {
  return [...(section === null ? [] : [section]), ...name.split(".")];
}

/** Files one leaf a metric, in the order of the catalogue. */
export function fileMetrics<Leaf>(leafOf: (metric: Metric<Measures>) => Leaf): MetricTree<Leaf> {
  const root = new Map<string, unknown>();
  for (const metric of metrics) {
    const path = pathOf(metric);
    let node = root;
    path.slice(0, -1).forEach((key) => {
      const known = node.get(key);
      const next = known instanceof Map ? known : new Map<string, unknown>();
      node.set(key, next);
      node = next;
    });
    node.set(path.at(-1) as string, leafOf(metric));
  }
  return plain(root) as MetricTree<Leaf>;
}

/** By the name of the metric: every leaf of a document is asked for by it. */
const paths: ReadonlyMap<string, readonly string[]> = new Map(
  metrics.map((metric) => [metric.name, pathOf(metric)]),
);

/** The leaf of the metric called `name`. */
export function leafOf<Leaf>(tree: MetricTree<Leaf>, name: string): Leaf {
  const path = paths.get(name);
  assert(path !== undefined, `no metric is called "${name}"`);
  let node: unknown = tree;
  for (const key of path) {
    assert(typeof node === "object" && node !== null && key in node, `the metric ${name} is missing`);
    node = (node as Readonly<Record<string, unknown>>)[key];
  }
  return node as Leaf;
}

function plain(node: Map<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    [...node].map(([key, value]) => [key, value instanceof Map ? plain(value) : value]),
  );
}
