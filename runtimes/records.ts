/**
 * The records of a trial: one shared block of memory that the harness allocates, the recorder fills and the witness
 * seals.
 *
 * Layout, little-endian: header · lanes · tasks · canaries · timer canaries · holds · ticks · stretches. A lane is one worker's
 * counters; the last lane belongs to the releaser. Each worker has its own part of the stretches, so that it
 * needs no atomic to claim a row.
 */
import { type Layout, strideIn } from "../workloads/trace/layout.ts";
import {
  canaryRow,
  holdRow,
  laneRow,
  RECORDS_VERSION,
  recordsHeaderRow,
  stretchRow,
  taskRecordRow,
  tickRow,
  timerRow,
} from "./record.ts";

/** "ISORECRD" as two little-endian words. */
const MAGIC_LOW = 0x524f5349;
const MAGIC_HIGH = 0x44524345;

/**
 * Where the block begins in its buffer, so that a task's row is one cache line: two workers that poll neighbours
 * would else write to the same line. The C library puts a large buffer 16 bytes behind the start of a page; where it
 * does not, only speed is lost.
 */
const BLOCK_BEGINS_AT = 64 - 16;

const LANE_WORDS = strideIn(laneRow, "u32");
const LANE = laneRow.index;

export interface RecordsShape {
  /** One a worker and one for the releaser. */
  readonly laneCount: number;
  readonly taskCount: number;
  readonly canaryCapacity: number;
  readonly timerCapacity: number;
  readonly holdCapacity: number;
  readonly tickCapacity: number;
  /** Of all workers together; each has an equal part. */
  readonly stretchCapacity: number;
  /** An idle stretch shorter than this gets no row. */
  readonly idleRowMinNs: number;
}

export interface RecordsSections {
  readonly lanesAt: number;
  readonly tasksAt: number;
  readonly canariesAt: number;
  readonly timersAt: number;
  readonly holdsAt: number;
  readonly ticksAt: number;
  readonly stretchesAt: number;
  readonly endBytes: number;
}

/** The block and views of it. In a trial the buffer is shared; read from a file it is not. */
export interface Records {
  readonly shape: RecordsShape;
  readonly sections: RecordsSections;
  readonly bytes: Uint8Array;
  readonly headerI32: Int32Array;
  readonly headerF64: Float64Array;
  readonly laneI32: Int32Array;
  readonly laneU32: Uint32Array;
  readonly laneF64: Float64Array;
  readonly taskF64: Float64Array;
  readonly taskU32: Uint32Array;
  readonly taskU16: Uint16Array;
  readonly taskU8: Uint8Array;
  readonly canaryF64: Float64Array;
  readonly canaryU16: Uint16Array;
  readonly timerF64: Float64Array;
  readonly timerU16: Uint16Array;
  readonly holdF64: Float64Array;
  readonly holdU32: Uint32Array;
  readonly holdU16: Uint16Array;
  readonly tickF64: Float64Array;
  readonly tickU32: Uint32Array;
  readonly stretchF64: Float64Array;
  readonly stretchU16: Uint16Array;
}

/** Where the sections of a block of this shape stand. */
export function sectionsOf(shape: RecordsShape): RecordsSections {
  const lanesAt = recordsHeaderRow.strideBytes;
  const tasksAt = lanesAt + shape.laneCount * laneRow.strideBytes;
  const canariesAt = tasksAt + shape.taskCount * taskRecordRow.strideBytes;
  const timersAt = canariesAt + shape.canaryCapacity * canaryRow.strideBytes;
  const holdsAt = timersAt + shape.timerCapacity * timerRow.strideBytes;
  const ticksAt = holdsAt + shape.holdCapacity * holdRow.strideBytes;
  const stretchesAt = ticksAt + shape.tickCapacity * tickRow.strideBytes;
  return {
    lanesAt,
    tasksAt,
    canariesAt,
    timersAt,
    holdsAt,
    ticksAt,
    stretchesAt,
    endBytes: stretchesAt + shape.stretchCapacity * stretchRow.strideBytes,
  };
}

/** Allocates an empty shared block. */
export function allocateRecords(shape: RecordsShape): Records {
  const buffer = new SharedArrayBuffer(BLOCK_BEGINS_AT + sectionsOf(shape).endBytes);
  // Written once, so that no page of it is first touched while something is measured.
  const bytes = new Uint8Array(buffer, BLOCK_BEGINS_AT).fill(0);
  const records = viewRecords(bytes, shape);
  const words = new Uint32Array(buffer, BLOCK_BEGINS_AT, strideIn(recordsHeaderRow, "u32"));
  const at = recordsHeaderRow.index;
  words[at.magicLow] = MAGIC_LOW;
  words[at.magicHigh] = MAGIC_HIGH;
  words[at.version] = RECORDS_VERSION;
  words[at.laneCount] = shape.laneCount;
  words[at.taskCount] = shape.taskCount;
  words[at.canaryCapacity] = shape.canaryCapacity;
  words[at.timerCapacity] = shape.timerCapacity;
  words[at.holdCapacity] = shape.holdCapacity;
  words[at.tickCapacity] = shape.tickCapacity;
  words[at.stretchCapacity] = shape.stretchCapacity;
  records.headerF64[at.idleRowMinNs] = shape.idleRowMinNs;
  const workerCount = shape.laneCount - 1;
  const rowsEach = Math.floor(shape.stretchCapacity / workerCount);
  for (let lane = 0; lane < workerCount; lane++) {
    records.laneU32[lane * LANE_WORDS + LANE.stretchFirst] = lane * rowsEach;
    records.laneU32[lane * LANE_WORDS + LANE.stretchCapacity] = rowsEach;
  }
  return records;
}

/** Views a block whose shape is known, e.g. in a worker that was handed the shared buffer. */
export function viewRecords(bytes: Uint8Array, shape: RecordsShape): Records {
  const sections = sectionsOf(shape);
  const { buffer, byteOffset } = bytes;
  const at = (section: number): number => byteOffset + section;
  const { lanesAt, tasksAt, canariesAt, timersAt, holdsAt, ticksAt, stretchesAt } = sections;
  const length = (row: Layout<string>, type: "u8" | "u16" | "u32" | "f64", rows: number): number =>
    strideIn(row, type) * rows;
  const { laneCount, taskCount, canaryCapacity, timerCapacity, holdCapacity, tickCapacity, stretchCapacity } =
    shape;
  return {
    shape,
    sections,
    bytes,
    headerI32: new Int32Array(buffer, byteOffset, strideIn(recordsHeaderRow, "u32")),
    headerF64: new Float64Array(buffer, byteOffset, strideIn(recordsHeaderRow, "f64")),
    laneI32: new Int32Array(buffer, at(lanesAt), length(laneRow, "u32", laneCount)),
    laneU32: new Uint32Array(buffer, at(lanesAt), length(laneRow, "u32", laneCount)),
    laneF64: new Float64Array(buffer, at(lanesAt), length(laneRow, "f64", laneCount)),
    taskF64: new Float64Array(buffer, at(tasksAt), length(taskRecordRow, "f64", taskCount)),
    taskU32: new Uint32Array(buffer, at(tasksAt), length(taskRecordRow, "u32", taskCount)),
    taskU16: new Uint16Array(buffer, at(tasksAt), length(taskRecordRow, "u16", taskCount)),
    taskU8: new Uint8Array(buffer, at(tasksAt), length(taskRecordRow, "u8", taskCount)),
    canaryF64: new Float64Array(buffer, at(canariesAt), length(canaryRow, "f64", canaryCapacity)),
    canaryU16: new Uint16Array(buffer, at(canariesAt), length(canaryRow, "u16", canaryCapacity)),
    timerF64: new Float64Array(buffer, at(timersAt), length(timerRow, "f64", timerCapacity)),
    timerU16: new Uint16Array(buffer, at(timersAt), length(timerRow, "u16", timerCapacity)),
    holdF64: new Float64Array(buffer, at(holdsAt), length(holdRow, "f64", holdCapacity)),
    holdU32: new Uint32Array(buffer, at(holdsAt), length(holdRow, "u32", holdCapacity)),
    holdU16: new Uint16Array(buffer, at(holdsAt), length(holdRow, "u16", holdCapacity)),
    tickF64: new Float64Array(buffer, at(ticksAt), length(tickRow, "f64", tickCapacity)),
    tickU32: new Uint32Array(buffer, at(ticksAt), length(tickRow, "u32", tickCapacity)),
    stretchF64: new Float64Array(buffer, at(stretchesAt), length(stretchRow, "f64", stretchCapacity)),
    stretchU16: new Uint16Array(buffer, at(stretchesAt), length(stretchRow, "u16", stretchCapacity)),
  };
}

/** Reads a sealed block, or says in one sentence what is wrong with the bytes. They must start 8-byte aligned. */
export function decodeRecords(bytes: Uint8Array): { records: Records } | { damage: string } {
  if (bytes.byteLength < recordsHeaderRow.strideBytes)
    return { damage: `only ${bytes.byteLength} bytes of records` };
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, strideIn(recordsHeaderRow, "u32"));
  const doubles = new Float64Array(bytes.buffer, bytes.byteOffset, strideIn(recordsHeaderRow, "f64"));
  const word = (field: keyof typeof recordsHeaderRow.index): number =>
    words[recordsHeaderRow.index[field]] as number;
  if (word("magicLow") !== MAGIC_LOW || word("magicHigh") !== MAGIC_HIGH) {
    return { damage: "these bytes are no isoload records: the first eight must read ISORECRD" };
  }
  if (word("version") !== RECORDS_VERSION) {
    return { damage: `records version ${word("version")}; this isoload reads version ${RECORDS_VERSION}` };
  }
  const shape: RecordsShape = {
    laneCount: word("laneCount"),
    taskCount: word("taskCount"),
    canaryCapacity: word("canaryCapacity"),
    timerCapacity: word("timerCapacity"),
    holdCapacity: word("holdCapacity"),
    tickCapacity: word("tickCapacity"),
    stretchCapacity: word("stretchCapacity"),
    idleRowMinNs: doubles[recordsHeaderRow.index.idleRowMinNs] as number,
  };
  const { endBytes } = sectionsOf(shape);
  if (endBytes !== bytes.byteLength) {
    return { damage: `the header promises ${endBytes} bytes of records; these are ${bytes.byteLength}` };
  }
  const records = viewRecords(bytes, shape);
  const used: [number, number, string][] = [
    [word("canaryCount"), shape.canaryCapacity, "canaries"],
    [word("timerCount"), shape.timerCapacity, "timer canaries"],
    [word("holdCount"), shape.holdCapacity, "holds"],
    [word("tickCount"), shape.tickCapacity, "ticks"],
  ];
  const over = used.find(([count, capacity]) => count > capacity);
  if (over !== undefined) return { damage: `${over[0]} ${over[2]} in room for ${over[1]}` };
  const damage = misplacedStretches(records);
  return damage === null ? { records } : { damage };
}

/** What is wrong with the lanes' parts of the stretches, which follow each other without a gap; null: nothing. */
function misplacedStretches({ shape, laneU32 }: Records): string | null {
  let next = 0;
  for (let lane = 0; lane < shape.laneCount; lane++) {
    const word = (field: "stretchFirst" | "stretchCapacity" | "stretchCount"): number =>
      laneU32[lane * LANE_WORDS + LANE[field]] as number;
    const capacity = word("stretchCapacity");
    if (word("stretchCount") > capacity) {
      return `${word("stretchCount")} stretches of lane ${lane} in room for ${capacity}`;
    }
    if (capacity > 0 && word("stretchFirst") !== next) {
      return `the stretches of lane ${lane} begin at row ${word("stretchFirst")}; those before it end at ${next}`;
    }
    next += capacity;
  }
  return next === shape.stretchCapacity
    ? null
    : `the lanes have ${next} stretches and the header promises ${shape.stretchCapacity}`;
}
