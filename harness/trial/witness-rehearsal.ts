/**
 * The witness rehearses, so that it is compiled when the trial begins.
 *
 * It looks once a millisecond, so that its code became hot 70 to 1,700 ms into a trial; compiling it then took a core
 * for up to 13 ms, for which releaser and workers waited, on every runtime.
 */
import { strict as assert } from "node:assert";
import { recordsHeaderRow, TICK_NS } from "../../runtimes/record.ts";
import { allocateRecords, type Records } from "../../runtimes/records.ts";
import { shapeFor } from "../../runtimes/records-room.ts";
import { build } from "../../workloads/trace/build.ts";
import { decodeTrace, type Trace } from "../../workloads/trace/trace.ts";
import { SensorBoard, type Sources } from "./sensors.ts";
import { watchTrial } from "./witness.ts";

/** Looks a millisecond apart, as in a trial. */
const LOOKS = 2000;
/** Looks so far apart that the witness returns to its event loop after each: that is compiled by itself. */
const STRIDES = 500;
const STRIDE_NS = 20 * TICK_NS;
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
  const looks = emptyTrace(LOOKS * TICK_NS);
  const strides = emptyTrace(STRIDES * STRIDE_NS);
  const sensors = new SensorBoard(sources, { nowNs: 0, limitNs: strides.windowNs });
  const lookClock = new FastClock(TICK_NS);
  const strideClock = new FastClock(STRIDE_NS);
  // All objects are shaped as the trial's.
  await watchTrial({
    trace: looks,
    records: emptyRecords(looks),
    clock: () => lookClock.now(),
    hasLeft: () => false,
    onProgress: () => undefined,
    onLook: (dueNs, nowNs) => sensors.look(dueNs, nowNs),
  });
  await watchTrial({
    trace: strides,
    records: emptyRecords(strides),
    clock: () => strideClock.now(),
    hasLeft: () => false,
    onProgress: () => undefined,
    onLook: (dueNs, nowNs) => sensors.look(dueNs, nowNs),
  });
}

/** Nothing is released. */
function emptyRecords(trace: Trace): Records {
  const records = allocateRecords(shapeFor(trace, 1));
  records.headerI32[recordsHeaderRow.index.releaseEnded] = 1;
  return records;
}

function emptyTrace(windowNs: number): Trace {
  const { bytes } = build(
    {
      classes: [{ name: "none" }],
      measured: "none",
      windowNs,
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

/** Every reading is a step further. */
class FastClock {
  readonly #stepNs: number;
  #readings = 0;
  /** No whole number, as no reading of the trial's clock is. */
  #nowNs = 0.5;

  constructor(stepNs: number) {
    this.#stepNs = stepNs;
  }

  now(): number {
    this.#readings++;
    this.#nowNs += this.#stepNs;
    if (this.#readings % LATE_EVERY === 0) this.#nowNs += LATE_NS;
    return this.#readings % EARLY_EVERY === 0 ? this.#nowNs - EARLY_NS : this.#nowNs;
  }
}
