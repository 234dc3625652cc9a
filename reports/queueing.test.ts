import { expect, test } from "vitest";
import {
  type BlockingLoad,
  erlangB,
  erlangC,
  exponentialBlocks,
  fixedBlocks,
  partitionedQueues,
  type Waits,
} from "./queueing.ts";

const lawsOf = { "M/M/c": exponentialBlocks, "M/D/c": fixedBlocks } as const;

/** Computed independently, by another program in another language; times in mean blocks, six decimals. */
const waitTable: readonly {
  readonly law: keyof typeof lawsOf;
  readonly c: number;
  readonly rho: number;
  /** A, mean wait, w90, w99. */
  readonly known: readonly [number, number, number, number];
}[] = [
  { law: "M/M/c", c: 1, rho: 0.5, known: [0.5, 1, 3.218876, 7.824046] },
  { law: "M/M/c", c: 1, rho: 0.8, known: [0.8, 4, 10.397208, 21.910133] },
  { law: "M/M/c", c: 2, rho: 0.5, known: [0.333333, 0.333333, 1.203973, 3.506558] },
  { law: "M/M/c", c: 2, rho: 0.8, known: [0.711111, 1.777778, 4.904146, 10.660609] },
  { law: "M/M/c", c: 2, rho: 0.9, known: [0.852632, 4.263158, 10.715787, 22.228712] },
  { law: "M/M/c", c: 4, rho: 0.5, known: [0.173913, 0.086957, 0.276693, 1.427985] },
  { law: "M/M/c", c: 4, rho: 0.8, known: [0.596432, 0.745541, 2.232245, 5.110476] },
  { law: "M/D/c", c: 1, rho: 0.5, known: [0.5, 0.5, 1.515745, 3.336256] },
  { law: "M/D/c", c: 1, rho: 0.8, known: [0.8, 2, 5.011511, 10.355887] },
  { law: "M/D/c", c: 2, rho: 0.5, known: [0.323259, 0.176741, 0.672782, 1.563918] },
  { law: "M/D/c", c: 2, rho: 0.8, known: [0.701898, 0.903284, 2.397276, 5.069551] },
  { law: "M/D/c", c: 2, rho: 0.9, known: [0.847108, 2.146923, 5.282466, 10.840332] },
  { law: "M/D/c", c: 4, rho: 0.5, known: [0.163294, 0.049652, 0.18878, 0.710808] },
  { law: "M/D/c", c: 4, rho: 0.8, known: [0.578282, 0.386095, 1.119281, 2.454584] },
];

test.each(waitTable)(
  "$law, $c workers, ρ $rho: A, mean, w90 and w99 within 1e-6",
  ({ law, c, rho, known }) => {
    const waits = lawsOf[law]({ workerCount: c, erlangs: c * rho, blockNsMean: 1 });
    const figures = [waits.allHeldShare, waits.waitNsMean, waits.quantileNs(0.9), waits.quantileNs(0.99)];
    figures.forEach((figure, index) => {
      expect(Math.abs(figure - (known[index] ?? Number.NaN))).toBeLessThan(1e-6);
    });
  },
);

test.each([
  [1, 0.5, 0.33333333],
  [4, 2, 0.0952381],
  [8, 6.4, 0.14439389],
  [20, 16, 0.06441092],
])("Erlang B of %d lines at %d erlangs is %d", (lines, erlangs, known) => {
  expect(Math.abs(erlangB(lines, erlangs) - known)).toBeLessThan(1e-8);
});

/** P(Poisson(mean) ≥ count), from logarithms of factorials. */
function poissonReaches(count: number, mean: number, logFactorials: Float64Array): number {
  let share = 0;
  for (let k = count; k < logFactorials.length; k++) {
    const term = Math.exp(k * Math.log(mean) - mean - (logFactorials[k] as number));
    share += term;
    if (k > mean && term < 1e-20 * share) break;
  }
  return share;
}

/**
 * M/D/c seen from the clock instead of the chain: every c-th block goes to the same worker, whose wait is the
 * maximum of a walk with steps D less the time of c arrivals. So −ln P(no wait) and E[W] are sums over Poisson tails
 * (Crommelin, 1932).
 */
function crommelin(workerCount: number, erlangs: number): { allHeldShare: number; waitMean: number } {
  const stepCount = 6000;
  const logFactorials = new Float64Array(stepCount * workerCount + 20_000);
  for (let k = 1; k < logFactorials.length; k++) {
    logFactorials[k] = (logFactorials[k - 1] as number) + Math.log(k);
  }
  let noWaitLog = 0;
  let waitMean = 0;
  for (let step = 1; step <= stepCount; step++) {
    const places = step * workerCount;
    const reaches = poissonReaches(places, step * erlangs, logFactorials);
    noWaitLog -= reaches / step;
    waitMean += reaches - (workerCount / erlangs) * poissonReaches(places + 1, step * erlangs, logFactorials);
    if (reaches < 1e-17) break;
  }
  return { allHeldShare: -Math.expm1(noWaitLog), waitMean };
}

test.each([
  [1, 0.5],
  [1, 0.9],
  [2, 0.2],
  [2, 0.9],
  [3, 0.85],
  [4, 0.8],
  [8, 0.6],
  [16, 0.9],
])("M/D/c with c = %d at ρ = %d: the chain agrees with Crommelin's sums", (workerCount, rho) => {
  const waits = fixedBlocks({ workerCount, erlangs: workerCount * rho, blockNsMean: 1 });
  const known = crommelin(workerCount, workerCount * rho);
  expect(Math.abs(waits.allHeldShare - known.allHeldShare)).toBeLessThan(1e-11);
  expect(Math.abs(waits.waitNsMean / known.waitMean - 1)).toBeLessThan(1e-8);
});

/** The number of blocks in M/D/c, by turning the chain N' = max(N − c, 0) + Poisson(a) until it stands still. */
function turnedChain(workerCount: number, erlangs: number): Float64Array {
  const size = 160;
  const arrivals = new Float64Array(size);
  for (let k = 0, term = Math.exp(-erlangs); k < size; k++, term *= erlangs / k) arrivals[k] = term;
  let shares = new Float64Array(size).fill(1 / size);
  for (let turn = 0; turn < 20_000; turn++) {
    const next = new Float64Array(size);
    for (let from = 0; from < size; from++) {
      const left = Math.max(0, from - workerCount);
      for (let to = left; to < Math.min(size, left + 40); to++) {
        next[to] = (next[to] as number) + (shares[from] as number) * (arrivals[to - left] as number);
      }
    }
    const moved = next.reduce((sum, share, n) => sum + Math.abs(share - (shares[n] as number)), 0);
    shares = next;
    if (moved < 1e-15) break;
  }
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

test.each([
  [1, 0.8],
  [2, 0.8],
  [3, 0.7],
  [4, 0.8],
])("M/D/c with c = %d at ρ = %d: A, mean and all-held stretches as the turned chain has them", (c, rho) => {
  const shares = turnedChain(c, c * rho);
  const known = { allHeldShare: 0, backlog: 0, oneIdleShare: shares[c - 1] as number };
  shares.forEach((share, n) => {
    if (n >= c) known.allHeldShare += share;
    if (n >= c) known.backlog += share * (n - c);
  });
  const waits = fixedBlocks({ workerCount: c, erlangs: c * rho, blockNsMean: 1 });
  expect(Math.abs(waits.allHeldShare - known.allHeldShare)).toBeLessThan(1e-9);
  expect(Math.abs(waits.waitNsMean - known.backlog / (c * rho))).toBeLessThan(1e-8);
  const stretch = known.allHeldShare / (c * rho * known.oneIdleShare);
  expect(Math.abs((waits.allHeldNsMean ?? 0) - stretch)).toBeLessThan(1e-8);
});

test("M/D/1: P(wait ≤ t) is Erlang's alternating sum of 1909", () => {
  for (const rho of [0.3, 0.5, 0.8]) {
    const waits = fixedBlocks({ workerCount: 1, erlangs: rho, blockNsMean: 1 });
    for (const t of [0, 0.25, 0.999, 1, 1.001, 2.5, 4, 6.3]) {
      let within = 0;
      let factorial = 1;
      for (let k = 0; k <= Math.floor(t); k++) {
        if (k > 0) factorial *= k;
        within += ((1 - rho) * Math.exp(rho * (t - k)) * (-rho * (t - k)) ** k) / factorial;
      }
      expect(Math.abs(1 - waits.exceedsShare(t) - within)).toBeLessThan(1e-11);
    }
  }
});

test("what is too rare for a double is said to be so, not NaN", () => {
  const waits = fixedBlocks({ workerCount: 1024, erlangs: 1, blockNsMean: 1e6 });
  expect(waits.allHeldNsMean).toBeNull();
  expect([waits.allHeldShare, waits.waitNsMean, waits.quantileNs(0.99)]).toEqual([0, 0, 0]);
});

const refused: readonly (readonly [string, () => unknown, RegExp])[] = [
  ["no worker", () => erlangB(0, 1), /0 workers: give a whole number from 1 to 1024/],
  ["half a worker", () => erlangC(1.5, 1), /1\.5 workers/],
  ["more workers than a plan may have", () => erlangC(1025, 1), /1025 workers/],
  ["NaN workers", () => partitionedQueues(Number.NaN, 1), /NaN workers/],
  ["a negative load", () => erlangB(2, -1), /-1 erlangs are no load/],
  ["an infinite load", () => erlangB(2, Number.POSITIVE_INFINITY), /Infinity erlangs are no load/],
  ["a NaN load", () => erlangB(2, Number.NaN), /NaN erlangs are no load/],
  [
    "a load that wants every worker always",
    () => erlangC(2, 2),
    /2 erlangs on 2 workers have no stationary wait/,
  ],
  ["an overload", () => partitionedQueues(2, 2.5), /give more than 0 and less than 2/],
];

const loadsRefused: readonly (readonly [string, Partial<BlockingLoad>, RegExp])[] = [
  ["no load", { erlangs: 0 }, /0 erlangs on 2 workers/],
  ["a NaN load", { erlangs: Number.NaN }, /NaN erlangs on 2 workers/],
  ["saturation", { erlangs: 2 }, /2 erlangs on 2 workers/],
  ["no worker", { workerCount: 0 }, /0 workers/],
  ["blocks of no length", { blockNsMean: 0 }, /blocks of 0 ns/],
  ["blocks of NaN", { blockNsMean: Number.NaN }, /blocks of NaN ns/],
  ["endless blocks", { blockNsMean: Number.POSITIVE_INFINITY }, /blocks of Infinity ns/],
];

const questionsRefused: readonly (readonly [string, (waits: Waits) => unknown, RegExp])[] = [
  ["quantile 1", (waits) => waits.quantileNs(1), /no wait stands at quantile 1/],
  ["a negative quantile", (waits) => waits.quantileNs(-0.1), /quantile -0\.1/],
  ["quantile NaN", (waits) => waits.quantileNs(Number.NaN), /quantile NaN/],
  ["a negative limit", (waits) => waits.exceedsShare(-1), /-1 ns is no length of a wait/],
  ["a limit of NaN", (waits) => waits.exceedsShare(Number.NaN), /NaN ns is no length/],
];

test.each(refused)("%s is refused", (_, ask, message) => {
  expect(ask).toThrow(message);
});

test.each([
  ["exponential", exponentialBlocks],
  ["fixed", fixedBlocks],
] as const)("%s blocks: what is no stable queue is refused", (_, lawOf) => {
  const load: BlockingLoad = { workerCount: 2, erlangs: 1, blockNsMean: 1 };
  for (const [what, change, message] of loadsRefused) {
    expect(() => lawOf({ ...load, ...change }), what).toThrow(message);
  }
  for (const [what, ask, message] of questionsRefused) expect(() => ask(lawOf(load)), what).toThrow(message);
  expect(lawOf(load).exceedsShare(Number.POSITIVE_INFINITY)).toBe(0);
});

test("fixed blocks beyond a utilisation of .98 are refused: the sums would not end in time", () => {
  expect(() => fixedBlocks({ workerCount: 1, erlangs: 0.99, blockNsMean: 1 })).toThrow(/give at most 0\.98/);
});
