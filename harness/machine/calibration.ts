/** What this machine takes for the harness's own units: medians over short repetitions, 150 ms in all. */
import { strict as assert } from "node:assert";
import { Clock, monotonicNs } from "../../runtimes/clock.ts";
import { burn } from "../../workloads/trace/kernel.ts";
import type { Calibration } from "../trial/trial.ts";

/** Shorter than a time slice, so that another process on the core spoils a few of them and not the median. */
const REPETITIONS = 201;
/** About 0.25 ms a repetition. */
const UNITS = 100_000;
/** About 40 us a repetition. */
const CLOCK_READS = 1000;
const SLEEPS = 25;
const SLEEP_NS = 1e6;

/** Blocks the calling thread. Not to be called while a trial runs. */
export function calibrate(): Calibration {
  return {
    unitNs: measureUnitNs(),
    clockReadNs: measureClockReadNs(),
    sleepOvershootNs: measureOvershootNs(),
  };
}

function measureUnitNs(): number {
  // Compiled before it is timed; the result goes round, so that the engine cannot drop the loop.
  let seed = burn(1, 20 * UNITS);
  const costsNs = Array.from({ length: REPETITIONS }, () => {
    const startNs = monotonicNs();
    seed = burn(seed, UNITS);
    return (monotonicNs() - startNs) / UNITS;
  });
  assert(seed > 0);
  return median(costsNs);
}

function measureClockReadNs(): number {
  const clock = new Clock(0);
  const costsNs = Array.from({ length: REPETITIONS }, () => {
    const startNs = clock.now();
    for (let read = 0; read < CLOCK_READS; read++) clock.read();
    return (clock.nowNs - startNs) / CLOCK_READS;
  });
  return median(costsNs);
}

/** How late a thread wakes that was blocked for 1 ms, as a blocking callback is. */
function measureOvershootNs(): number {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  const overshootsNs = Array.from({ length: SLEEPS }, () => {
    const startNs = monotonicNs();
    Atomics.wait(cell, 0, 0, SLEEP_NS / 1e6);
    return monotonicNs() - startNs - SLEEP_NS;
  });
  return median(overshootsNs);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  assert(middle !== undefined);
  return middle;
}
