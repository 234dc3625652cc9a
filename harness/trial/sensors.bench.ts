/**
 * What CPU time the sensors cost the witness: a look, a thousand a second, and a sample of the machine, ten a second.
 * Goal: together at most 0.5 % of a core.
 */
import { GapFinder, openExcuses } from "./gaps.ts";
import { ownCpuNs } from "./process-cpu.ts";
import { openSources, SensorBoard } from "./sensors.ts";

const ROUNDS = 9;
const LOOKS = 5000;
const SAMPLES = 100;
const LOOKS_PER_SECOND = 1000;
const SAMPLES_PER_SECOND = 10;

const readExcuses = openExcuses(2);
if (readExcuses === null) throw new Error("this machine keeps no time of threads");
const finder = new GapFinder(readExcuses);
const lookNs: number[] = [];
const sampleNs: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  lookNs.push(perCallNs(LOOKS, (call) => finder.look(call, call)));
  // A second lies between two looks by this clock, so that each takes a sample.
  const board = new SensorBoard(openSources({ peerPid: process.pid, coreCount: 2 }), {
    nowNs: 0,
    limitNs: 1e9,
  });
  sampleNs.push(perCallNs(SAMPLES, (call) => board.look((call + 1) * 1e9, (call + 1) * 1e9)));
}
const look = median(lookNs);
const sample = median(sampleNs) - look;
const coreShare = (look * LOOKS_PER_SECOND + sample * SAMPLES_PER_SECOND) / 1e9;
console.log(
  `sensors: a look ${(look / 1e3).toFixed(1)} µs, a sample ${(sample / 1e3).toFixed(0)} µs, together ` +
    `${(100 * coreShare).toFixed(2)} % of a core (goal ≤ 0.5); medians of n = ${ROUNDS} rounds of ${LOOKS} and ${SAMPLES}`,
);

function perCallNs(count: number, call: (index: number) => void): number {
  const startNs = ownCpuNs();
  for (let index = 0; index < count; index++) call(index);
  return (ownCpuNs() - startNs) / count;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] as number;
}
