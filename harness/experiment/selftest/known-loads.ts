/**
 * Loads of which every figure is known in closed form: blocks of one length at known times, canaries half-way
 * through every millisecond.
 */
import type { Blocks } from "./loads.ts";

export interface KnownLoad extends Blocks {
  readonly name: string;
  readonly workerCount: number;
  readonly allHeldShare: number;
  /** Of the canaries' delays, where the runtime has one queue. */
  readonly canaryMs: { readonly mean: number; readonly p50: number; readonly max: number };
  /** What a canary would see that is armed again only after it ran. */
  readonly rearmed: { readonly count: number; readonly meanMs: number; readonly p99Ms: number };
}

const every = (gapMs: number, repeats: number, together: number): number[] =>
  Array.from({ length: repeats * together }, (_, block) => Math.floor(block / together) * gapMs);

const heldForHalf = {
  windowMs: 200,
  blockMs: 100,
  allHeldShare: 0.5,
  canaryMs: { mean: 25, p50: 0, max: 99.5 },
  rearmed: { count: 100, meanMs: 0.995, p99Ms: 0 },
} as const;

export const knownLoads: readonly KnownLoad[] = [
  { ...heldForHalf, name: "D1", workerCount: 2, dueMs: [0, 0] },
  { ...heldForHalf, name: "D2", workerCount: 1, dueMs: [0] },
  {
    name: "D3",
    workerCount: 4,
    windowMs: 200,
    blockMs: 100,
    dueMs: [0, 0],
    allHeldShare: 0,
    canaryMs: { mean: 0, p50: 0, max: 0 },
    rearmed: { count: 200, meanMs: 0, p99Ms: 0 },
  },
  {
    name: "D5",
    workerCount: 2,
    windowMs: 200,
    blockMs: 100,
    dueMs: [0, 50],
    allHeldShare: 0.25,
    canaryMs: { mean: 6.25, p50: 0, max: 49.5 },
    rearmed: { count: 150, meanMs: 0.33, p99Ms: 0 },
  },
  {
    name: "D7",
    workerCount: 2,
    windowMs: 1000,
    blockMs: 50,
    dueMs: every(100, 10, 2),
    allHeldShare: 0.5,
    canaryMs: { mean: 12.5, p50: 0, max: 49.5 },
    rearmed: { count: 500, meanMs: 0.999, p99Ms: 50 },
  },
  {
    name: "D8",
    workerCount: 1,
    windowMs: 3000,
    blockMs: 100,
    dueMs: every(500, 6, 1),
    allHeldShare: 0.2,
    canaryMs: { mean: 10, p50: 0, max: 99.5 },
    rearmed: { count: 2400, meanMs: 599.5 / 2400, p99Ms: 0 },
  },
];
