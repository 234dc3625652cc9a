/**
 * How near `ideal` comes to queueing theory over 10^7 blocks: `node dist/runtimes/ideal/theory.bench.js`.
 *
 * Ten seeds of 10^6 blocks a queue, their waits taken together; each goal is a share of the figure. "±" is the
 * standard error, from the differences between the seeds. No seed serves two queues: with the same draws all of them
 * would be off to the same side. Virtual time: the figures are the same on every machine.
 */
import { exponentialBlocks, fixedBlocks } from "../../reports/queueing.ts";
import {
  BLOCK_NS_MEAN,
  type BlockingQueue,
  blockingQueues,
  goalsFor,
  type QueueRun,
  runQueue,
} from "./fixtures/blocking-queue.ts";

const SEEDS_PER_QUEUE = 10;
const BLOCKS_PER_SEED = 1e6;

const lawsOf = { "M/M/c": exponentialBlocks, "M/D/c": fixedBlocks } as const;

interface Figure {
  readonly name: string;
  readonly measured: number;
  readonly bySeed: readonly number[];
  readonly known: number;
  readonly goal: number;
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const waitMeanOf = ({ waitsNs }: QueueRun): number =>
  waitsNs.reduce((sum, ns) => sum + ns, 0) / waitsNs.length;

/** Sorts `waitsNs`. */
function w99Of(waitsNs: Float64Array): number {
  return waitsNs.sort()[Math.ceil(0.99 * waitsNs.length) - 1] ?? Number.NaN;
}

function together(runs: readonly QueueRun[]): Float64Array {
  const waitsNs = new Float64Array(runs.reduce((sum, run) => sum + run.waitsNs.length, 0));
  let at = 0;
  for (const run of runs) {
    waitsNs.set(run.waitsNs, at);
    at += run.waitsNs.length;
  }
  return waitsNs;
}

function figuresOf(queue: BlockingQueue, runs: readonly QueueRun[]): Figure[] {
  const { law, workerCount, utilisation } = queue;
  const theory = lawsOf[law]({ workerCount, erlangs: workerCount * utilisation, blockNsMean: BLOCK_NS_MEAN });
  const goals = goalsFor(queue);
  const shares = runs.map(({ allHeldNs, windowNs }) => allHeldNs / windowNs);
  const means = runs.map(waitMeanOf);
  return [
    {
      name: "A",
      measured: meanOf(shares),
      bySeed: shares,
      known: theory.allHeldShare,
      goal: goals.allHeld,
    },
    {
      name: "mean wait",
      measured: meanOf(means) / BLOCK_NS_MEAN,
      bySeed: means.map((ns) => ns / BLOCK_NS_MEAN),
      known: theory.waitNsMean / BLOCK_NS_MEAN,
      goal: goals.waitMean,
    },
    {
      name: "w99",
      measured: w99Of(together(runs)) / BLOCK_NS_MEAN,
      bySeed: runs.map(({ waitsNs }) => w99Of(waitsNs) / BLOCK_NS_MEAN),
      known: theory.quantileNs(0.99) / BLOCK_NS_MEAN,
      goal: goals.tail,
    },
  ];
}

/** Prints the figure beside theory. true: it is as near as it shall be. */
function isNear({ name, measured, bySeed, known, goal }: Figure): boolean {
  const variance =
    bySeed.reduce((sum, value) => sum + (value - meanOf(bySeed)) ** 2, 0) / (bySeed.length - 1);
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const off = measured / known - 1;
  const isWithin = Math.abs(off) <= goal;
  console.log(
    `  ${name.padEnd(9)}  ${measured.toFixed(6)}, theory ${known.toFixed(6)}: ${percent(off)} ± ${percent(
      Math.sqrt(variance / bySeed.length) / known,
    )} (goal ${percent(goal)})${isWithin ? "" : "  MISSED"}`,
  );
  return isWithin;
}

let missedCount = 0;
console.log("waits in mean blocks");
for (const [index, queue] of blockingQueues.entries()) {
  const firstSeed = index * SEEDS_PER_QUEUE + 1;
  const runs: QueueRun[] = [];
  for (let seed = firstSeed; seed < firstSeed + SEEDS_PER_QUEUE; seed++) {
    runs.push(await runQueue(queue, BLOCKS_PER_SEED, seed));
  }
  const blockCount = runs.reduce((sum, { waitsNs }) => sum + waitsNs.length, 0);
  console.log(
    `${queue.law}, ${queue.workerCount} workers, ρ ${queue.utilisation}: n = ${blockCount}, seeds ${firstSeed}–${firstSeed + SEEDS_PER_QUEUE - 1}`,
  );
  for (const figure of figuresOf(queue, runs)) if (!isNear(figure)) missedCount++;
}
process.exitCode = missedCount === 0 ? 0 : 1;
