/** The least share of a window, wherever it lies in the trial, in which the runtime could have run something. */
import type { Metric } from "./metric.ts";
import { coverOf, type Spans } from "./spans.ts";

/** A blink, a hitch, and as long as nobody overlooks. */
const windows: Readonly<Record<"w20ms" | "w100ms" | "w1000ms", number>> = {
  w20ms: 20e6,
  w100ms: 100e6,
  w1000ms: 1000e6,
};

type WindowName = keyof typeof windows;
const names = Object.keys(windows) as WindowName[];

export type Utilization = Readonly<Record<WindowName, number | null>>;

export function measureUtilization(held: Spans, windowNs: number): Utilization {
  const of = (name: WindowName): number | null =>
    minimumUtilization(held, { windowNs, lengthNs: windows[name] });
  return { w20ms: of("w20ms"), w100ms: of("w100ms"), w1000ms: of("w1000ms") };
}

/**
 * The minimum mutator utilization of Cheng and Blelloch ("A Parallel, Real-Time Garbage Collector", PLDI 2001),
 * with stretches in which all workers are held in the place of pauses: the least of 1 − held/length over all
 * windows of `lengthNs` within [0, windowNs]. Only windows that start as a stretch starts matter: any other can be
 * moved to one, left while its start is held and else right, and its held part does not shrink. One that then
 * reaches beyond the end holds what the last window holds, as nothing is held out there. null: no window fits.
 */
export function minimumUtilization(
  held: Spans,
  { windowNs, lengthNs }: { readonly windowNs: number; readonly lengthNs: number },
): number | null {
  if (!(lengthNs > 0 && lengthNs <= windowNs)) return null;
  const heldUntilNs = coverOf(held);
  let mostNs = 0;
  for (const startNs of held.startsNs) {
    mostNs = Math.max(mostNs, heldUntilNs(startNs + lengthNs) - heldUntilNs(startNs));
  }
  return Math.max(0, 1 - mostNs / lengthNs);
}

export const utilizationMetrics: readonly Metric<{ readonly utilization: Utilization }>[] = names.map(
  (name) => ({
    name: `mmu.${name}`,
    section: "starvation",
    unit: "share",
    better: "higher",
    definition: `Minimum utilization: the least share not held by blocks on all workers (as in allHeldShare) of any ${windows[name] / 1e6} ms within the window; null where the window is shorter.`,
    source: "Hold, canary and task records; Cheng and Blelloch, PLDI 2001.",
    of: ({ utilization }) => utilization[name],
  }),
);
