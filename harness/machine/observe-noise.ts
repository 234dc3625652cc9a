/**
 * Observes how noisy this machine is: two seconds in which isoload only ticks and listens, then two of CPU kernel.
 * Nothing else is to be started meanwhile.
 */
import { strict as assert } from "node:assert";
import { setImmediate as loopTurn } from "node:timers/promises";
import { monotonicNs } from "../../runtimes/clock.ts";
import { burn } from "../../workloads/trace/kernel.ts";
import { openSources, SensorBoard } from "../trial/sensors.ts";
import { type NoiseFigures, ranked, spreadOf } from "./noise.ts";

const LISTEN_NS = 2e9;
/** As the witness of a trial ticks. */
const TICK_NS = 1e6;
/** Signals and timers get a turn this often. */
const TURN_NS = 20e6;

const KERNEL_NS = 2e9;
/** About 10 ms a run, two or three slices of the scheduler: shorter ones would miss each other's neighbours. */
const RUN_UNITS = 4e6;
const WARM_UP_UNITS = 2e6;
/** On a machine on which that takes longer. */
const MIN_PAIRS = 20;

export type RunFigures = Pick<NoiseFigures, "pairCount" | "runNs" | "pairSpreadShare">;
export type ListenFigures = Omit<NoiseFigures, keyof RunFigures>;

/** What others did, and how late this thread was, while it did next to nothing itself. */
export async function listen(coreCount: number): Promise<ListenFigures> {
  const startNs = monotonicNs();
  const clock = (): number => monotonicNs() - startNs;
  const sources = openSources({ peerPid: null, coreCount });
  const board = new SensorBoard(sources, { nowNs: clock(), limitNs: LISTEN_NS });
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  const latenessNs: number[] = [];
  let nextTurnNs = TURN_NS;
  for (let tick = 1; tick * TICK_NS < LISTEN_NS; ) {
    const nowNs = clock();
    if (nowNs < tick * TICK_NS) {
      Atomics.wait(sleeper, 0, 0, (tick * TICK_NS - nowNs) / 1e6);
      continue;
    }
    board.look(tick * TICK_NS, nowNs);
    // A tick that was slept through is as late as it is: no coordinated omission.
    for (; tick * TICK_NS <= nowNs && tick * TICK_NS < LISTEN_NS; tick++)
      latenessNs.push(nowNs - tick * TICK_NS);
    if (nowNs < nextTurnNs) continue;
    await loopTurn();
    nextTurnNs = nowNs + TURN_NS;
  }
  const observedNs = clock();
  const sensors = board.report(observedNs);
  const machine = sensors?.machine ?? null;
  const overAll = (column: readonly number[] | null | undefined): number | null => column?.at(-1) ?? null;
  const coresOf = (ns: number | null): number | null => (ns === null ? null : Math.max(0, ns) / observedNs);
  return {
    observedNs,
    foreignCores: coresOf(overAll(machine?.foreignNs)),
    stolenCores: coresOf(overAll(machine?.stealNs)),
    throttledNs: overAll(machine?.throttledNs),
    longestGapNs: sensors?.gaps?.longestNs ?? null,
    tickCount: latenessNs.length,
    tickLatenessNsP99: ranked(latenessNs, 0.99),
    tickLatenessNsMax: ranked(latenessNs, 1),
  };
}

/** Runs of the same work in pairs: what differs within a pair, the machine makes. */
export async function compareRuns(): Promise<RunFigures> {
  // Compiled before it is timed; the result goes round, so that the engine cannot drop the loop.
  let seed = burn(1, WARM_UP_UNITS);
  const run = (): number => {
    const startNs = monotonicNs();
    seed = burn(seed, RUN_UNITS);
    return monotonicNs() - startNs;
  };
  const startNs = monotonicNs();
  const runsNs: number[] = [];
  const differences: number[] = [];
  while (monotonicNs() - startNs < KERNEL_NS || differences.length < MIN_PAIRS) {
    const [firstNs, secondNs] = [run(), run()];
    runsNs.push(firstNs, secondNs);
    differences.push(Math.log(secondNs / firstNs));
    await loopTurn();
  }
  assert(seed > 0);
  return {
    pairCount: differences.length,
    runNs: ranked(runsNs, 0.5),
    pairSpreadShare: spreadOf(differences),
  };
}
