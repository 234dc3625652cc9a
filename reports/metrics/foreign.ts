/** When something outside the trial was on its cores, by the sensors of the machine. */
import type { Sensors } from "../../harness/trial/trial.ts";
import { foreignCoresBound } from "../judge/bounds.ts";
import { type Spans, unionOf } from "./spans.ts";

/**
 * The stretches between two samples in which others and the hypervisor took more than the bound for foreign CPU,
 * and the gaps in which nothing of the trial ran. null: nobody watched.
 */
export function foreignSpansOf(
  sensors: Sensors | null,
  { coreCount, workerCount }: { readonly coreCount: number; readonly workerCount: number },
): Spans | null {
  if (sensors === null || sensors.machine === null) return null;
  const { atNs, foreignNs, stealNs, cpuCount } = sensors.machine;
  const spans: { readonly startNs: number; readonly endNs: number }[] = (sensors.gaps?.rows ?? []).map(
    ({ endNs, lengthNs }) => ({ startNs: endNs - lengthNs, endNs }),
  );
  const takenNs = (sample: number): number => (foreignNs[sample] as number) + (stealNs[sample] as number);
  for (let sample = 1; sample < atNs.length; sample++) {
    const startNs = atNs[sample - 1] as number;
    const endNs = atNs[sample] as number;
    const lengthNs = endNs - startNs;
    const bound = foreignCoresBound({ lengthNs, cpuCount, coreCount, workerCount });
    if (takenNs(sample) - takenNs(sample - 1) > bound * lengthNs) spans.push({ startNs, endNs });
  }
  const ordered = spans
    .map(({ startNs, endNs }) => ({ startNs: Math.max(0, startNs), endNs }))
    .filter(({ startNs, endNs }) => endNs > startNs)
    .sort((a, b) => a.startNs - b.startNs);
  return unionOf(
    Float64Array.from(ordered, ({ startNs }) => startNs),
    Float64Array.from(ordered, ({ endNs }) => endNs),
    0,
  );
}
