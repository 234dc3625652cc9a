/**
 * How often isoload is right, over many trials of each case: `npm run bench -- known-truth`, about ten
 * minutes.
 *
 * Goals: at least half of the trials are valid on a quiet machine; the medians of the valid ones lie within the
 * tolerances, without what the selftest allows for a late load; a random trace agrees with the model in at least 90 % of the valid trials, and the
 * partitioned control's cause is found. The probes are interleaved, a trial of each a round.
 */
import { calibrate } from "../../machine/calibration.ts";
import { readCores } from "../../machine/cores.ts";
import { againstIdealProbes } from "./against-ideal.ts";
import { type Figure, isWithin, medianFigures } from "./answer.ts";
import { deterministicProbes } from "./deterministic.ts";
import { freezeProbes } from "./freeze.ts";
import { type Live, withLive } from "./live.ts";
import { partitionedProbes } from "./partitioned.ts";
import type { Probe } from "./probe.ts";

const DETERMINISTIC_ROUNDS = 7;
const RANDOM_ROUNDS = 20;

interface Tally {
  readonly probe: Probe;
  readonly valid: (readonly Figure[])[];
  invalidCount: number;
  readonly reasons: string[];
}

async function interleaved(live: Live, probes: readonly Probe[], rounds: number): Promise<Tally[]> {
  const tallies = probes
    .filter(({ subject }) => subject.missingBecause === null && subject.time === "live")
    .map((probe): Tally => ({ probe, valid: [], invalidCount: 0, reasons: [] }));
  for (let round = 1; round <= rounds; round++) {
    for (const tally of tallies) {
      const trial = await tally.probe.trial(live, round);
      if (trial.row.valid) tally.valid.push(tally.probe.figuresOf(trial).map(strict));
      else {
        tally.invalidCount++;
        tally.reasons.push(trial.row.invalidBecause.join("; "));
      }
    }
  }
  return tallies;
}

function strict(figure: Figure): Figure {
  return { ...figure, allowance: 0 };
}

function print({ probe, valid, invalidCount, reasons }: Tally): void {
  const rightCount = valid.filter((figures) => figures.every(isWithin)).length;
  const medians = medianFigures(valid).map(
    ({ name, said, truth, tolerance, unit }) =>
      `${name} ${shown(said, unit)} (${shown(truth, unit)} ± ${shown(tolerance, unit)})${
        isWithin({ name, said, truth, tolerance, unit }) ? "" : " MISSED"
      }`,
  );
  console.log(
    `${probe.name}: valid ${valid.length} of ${valid.length + invalidCount}, right ${rightCount} of ${valid.length}; medians: ${medians.join(", ")}`,
  );
  if (reasons[0] !== undefined) console.log(`  refused first for: ${reasons[0]}`);
}

function shown(value: number | null, unit: Figure["unit"]): string {
  if (value === null) return "none";
  return unit === "ns"
    ? `${(value / 1e6).toFixed(3)} ms`
    : unit === "share"
      ? value.toFixed(4)
      : String(value);
}

const machine = {
  coreCount: readCores().count,
  unitNs: calibrate().unitNs,
  signal: new AbortController().signal,
};
await withLive(machine, async (live) => {
  console.log("blocks at known times (goal: valid at least half, medians within)");
  for (const tally of await interleaved(live, deterministicProbes(), DETERMINISTIC_ROUNDS)) print(tally);
  console.log(
    "random blocks, queues apart, planted freezes (goal: right in at least 90 % of the valid trials)",
  );
  const probes = [...againstIdealProbes(), ...partitionedProbes(), ...freezeProbes()];
  for (const tally of await interleaved(live, probes, RANDOM_ROUNDS)) print(tally);
});
