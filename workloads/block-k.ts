/**
 * k blocking callbacks at the same instant beside small victims: the cliff at k = workers.
 *
 * In repetition r all blockers are due at r·4·blockMs, before anything else due then.
 */
import { count, quantity } from "./parameter.ts";
import type { Workload } from "./workload.ts";

/** A repetition is this many blocks long: one to block, three to recover. */
const REPETITION_BLOCKS = 4;

/** Their due times are held one by one. */
const BLOCK_LIMIT = 1e6;

export const blockK: Workload = {
  name: "block-k",
  family: "blocking",
  shows:
    "the cliff when as many callbacks block as there are workers, and how blind the victims' p50 is to it",
  parameters: {
    blockers: count("callbacks that block at the same instant", { min: 1, max: 1e4, default: 2 }),
    blockMs: quantity("how long each blocks", "ms", { min: 0.1, max: 60_000, default: 50 }),
    repeats: count("repetitions", { min: 1, max: 1e4, default: 5 }),
    victimsPerSecond: quantity("Poisson arrivals of small tasks, the measured class", "tasks a second", {
      min: 1,
      max: 1e5,
      default: 2000,
    }),
    victimUnits: count("kernel units a victim; 2,000 take about 5 µs", { min: 1, max: 4000, default: 2000 }),
    deadlineMs: quantity("a victim later than this counts as unserved", "ms", {
      min: 1,
      max: 60_000,
      default: 1000,
    }),
  },
  isCounted: () => false,
  describe: ({ blockers, blockMs, repeats, victimsPerSecond, victimUnits, deadlineMs }, durationNs) => {
    const blockNs = Number(blockMs) * 1e6;
    const neededNs = Number(repeats) * REPETITION_BLOCKS * blockNs;
    if (neededNs > durationNs) {
      return {
        misfit: `${repeats} repetitions of ${REPETITION_BLOCKS} × ${blockMs} ms need ${neededNs / 1e6} ms and the duration is ${durationNs / 1e6} ms. Give a longer --duration or fewer repeats.`,
      };
    }
    if (Number(blockers) * Number(repeats) > BLOCK_LIMIT) {
      return {
        misfit: `${blockers} blockers in ${repeats} repetitions are more than ${BLOCK_LIMIT} blocks. Give fewer.`,
      };
    }
    const blocksAtNs = Array.from({ length: Number(repeats) }, (_, repetition) =>
      new Array<number>(Number(blockers)).fill(repetition * REPETITION_BLOCKS * blockNs),
    ).flat();
    return {
      classes: [{ name: "blocker" }, { name: "victim", deadlineNs: Number(deadlineMs) * 1e6 }],
      measured: "victim",
      windowNs: durationNs,
      connectionCount: 0,
      streams: [
        {
          release: { loop: "open", arrivals: { kind: "times", atNs: blocksAtNs } },
          variants: [{ share: 1, class: "blocker", ops: [{ op: "block", ns: blockNs }] }],
        },
        {
          release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: Number(victimsPerSecond) } },
          variants: [{ share: 1, class: "victim", ops: [{ op: "cpu", units: Number(victimUnits) }] }],
        },
      ],
    };
  },
};
