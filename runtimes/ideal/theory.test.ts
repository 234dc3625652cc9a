import { expect, test } from "vitest";
import { exponentialBlocks, fixedBlocks } from "../../reports/queueing.ts";
import { BLOCK_NS_MEAN, blockingQueues, goalsFor, runQueue } from "./fixtures/blocking-queue.ts";

const lawsOf = { "M/M/c": exponentialBlocks, "M/D/c": fixedBlocks } as const;

/** A run is as long as it takes to make one standard error as large as the goal: a tolerance is three of them. */
const TOLERANCE_GOALS = 3;

test.each(blockingQueues)(
  "$law, $workerCount workers, ρ $utilisation: ideal waits as theory says",
  async (queue) => {
    const { law, workerCount, utilisation, errorPerGoal } = queue;
    const run = await runQueue(queue, 1e6 * errorPerGoal ** 2, 1);
    const blockCount = run.waitsNs.length;
    // Theory is asked for the load that was drawn: what differs then is the model, and the chance in the waits alone.
    const theory = lawsOf[law]({
      workerCount,
      erlangs: run.blockedNs / run.windowNs,
      blockNsMean: run.blockedNs / blockCount,
    });
    const off = (measured: number, known: number): number => Math.abs(measured / known - 1);
    expect(off(run.blockedNs / run.windowNs, workerCount * utilisation)).toBeLessThan(0.02);
    expect(off(run.blockedNs / blockCount, BLOCK_NS_MEAN)).toBeLessThan(0.02);

    const goals = goalsFor(queue);
    const waitsNs = run.waitsNs.sort();
    const quantileNs = (q: number): number => waitsNs[Math.ceil(q * blockCount) - 1] ?? Number.NaN;
    const waitNsMean = waitsNs.reduce((sum, ns) => sum + ns, 0) / blockCount;
    const tolerance = (goal: number): number => TOLERANCE_GOALS * goal;
    expect(off(run.allHeldNs / run.windowNs, theory.allHeldShare)).toBeLessThan(tolerance(goals.allHeld));
    expect(off(waitNsMean, theory.waitNsMean)).toBeLessThan(tolerance(goals.waitMean));
    for (const q of [0.9, 0.99]) {
      expect(off(quantileNs(q), theory.quantileNs(q)), `q ${q}`).toBeLessThan(tolerance(goals.tail));
    }
    // Less certain than the share, for there are fewer stretches than blocks.
    const allHeldNsMean = run.allHeldNs / run.allHeldStretchCount;
    expect(off(allHeldNsMean, theory.allHeldNsMean ?? Number.NaN)).toBeLessThan(tolerance(goals.waitMean));
  },
);
