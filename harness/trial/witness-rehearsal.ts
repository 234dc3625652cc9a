/**
 * The witness rehearses, so that it is compiled when the trial begins.
 *
 * It looks once a millisecond, so that its code became hot 70 to 1,600 ms into a trial; compiling it then took a core
 * for up to 11 ms, for which releaser and workers waited, on every runtime.
 */
import { strict as assert } from "node:assert";
import { TICK_NS } from "../../runtimes/record.ts";
import { allocateRecords } from "../../runtimes/records.ts";
import { shapeFor } from "../../runtimes/records-room.ts";
import { build } from "../../workloads/trace/build.ts";
import { decodeTrace, type Trace } from "../../workloads/trace/trace.ts";
import { SensorBoard, type Sources } from "./sensors.ts";
import { watchTrial } from "./witness.ts";

/** Of each rehearsal. */
const LOOKS = 500;
/** Every so many looks the witness finds that it is early by so much, and sleeps. */
const EARLY_EVERY = 16;
const EARLY_NS = 1000;
/** Every so many it is late by so much: that is a gap. */
const LATE_EVERY = 300;
const LATE_NS = 15e6;

/**
 * Watches trials in which nothing happens, with the real sensors, on a clock that runs ahead. Two of them, with
 * callbacks of their own: a call that has seen one function is compiled for that one, and else for any.
 */
export async function rehearseWitness(sources: Sources): Promise<void> {
  const trace = emptyTrace();
  const { windowNs } = trace;
  const sensors = new SensorBoard(sources, { nowNs: 0, limitNs: windowNs });
  const clocks = [new FastClock(), new FastClock()] as const;
  // All objects are shaped as the trial's.
  await watchTrial({
    trace,
    records: allocateRecords(shapeFor(trace, 1)),
    clock: () => clocks[0].now(),
    hasLeft: () => false,
    onProgress: () => undefined,
    onLook: (dueNs, nowNs) => sensors.look(dueNs, nowNs),
  });
  await watchTrial({
    trace,
    records: allocateRecords(shapeFor(trace, 1)),
    clock: () => clocks[1].now(),
    hasLeft: () => false,
    onProgress: () => undefined,
    onLook: (dueNs, nowNs) => sensors.look(dueNs, nowNs),
  });
}

function emptyTrace(): Trace {
  const { bytes } = build(
    {
      classes: [{ name: "none" }],
      measured: "none",
      windowNs: LOOKS * TICK_NS,
      connectionCount: 0,
      streams: [],
    },
    0,
    { periodNs: 0 },
  );
  const decoded = decodeTrace(bytes);
  assert("trace" in decoded);
  return decoded.trace;
}

/** Every reading is a look further. */
class FastClock {
  #readings = 0;
  #nowNs = 0;

  now(): number {
    this.#readings++;
    this.#nowNs += TICK_NS;
    if (this.#readings % LATE_EVERY === 0) this.#nowNs += LATE_NS;
    return this.#readings % EARLY_EVERY === 0 ? this.#nowNs - EARLY_NS : this.#nowNs;
  }
}
