/**
 * The records of a trial: fixed-size rows in one shared block of memory that the harness allocates, the
 * recorder fills and the witness seals.
 *
 * Layout, little-endian: header · lanes · tasks · canaries · holds · ticks · stretches. A lane is one worker's
 * counters; the last lane belongs to the releaser. Each worker has its own part of the stretches, so that it
 * needs no atomic to claim a row. All times are ns since the trial's epoch (CLOCK_MONOTONIC).
 * This file and `workloads/trace/op.ts` are the only sources of layouts; the Rust twin is generated.
 */
import { type Layout, layout, strideIn } from "../workloads/trace/layout.ts";
import { BLOCK, CPU, OP_CODE_LIMIT } from "../workloads/trace/op.ts";
import {
  OP_CODE,
  OP_U32,
  PROGRAM_FIRST_OP,
  PROGRAM_OP_COUNT,
  PROGRAM_U32,
  TASK_PROGRAM,
  TASK_U32,
  type Trace,
} from "../workloads/trace/trace.ts";
import { pollBound } from "./poll-bound.ts";

/** "ISORECRD" as two little-endian words. */
const MAGIC_LOW = 0x524f5349;
const MAGIC_HIGH = 0x44524345;
export const RECORDS_VERSION = 2;

/** A CPU hold shorter than this gets no row of its own; `heldNs` of its task counts it all the same. */
export const CPU_HOLD_ROW_MIN_NS = 1e6;

/**
 * A shorter idle stretch never gets a row of its own; `idleNs` of its lane counts it all the same. About twice
 * what waking a parked thread takes (4 to 5 µs through a futex on the machines this was built on), so that a row
 * is a rest rather than the way into one and out again.
 */
const IDLE_ROW_MIN_NS = 10e3;
/**
 * Rows of idle stretches at most: of a worker 3 MiB, of all workers 24 MiB. Where a worker may have more, only
 * longer stretches get a row: as long as the cut-off divided by its limit, so that there is room for all of those.
 */
const IDLE_ROW_LIMIT = 2 ** 17;
const IDLE_ROW_LIMIT_OF_ALL = 2 ** 20;
/** Rows for pauses of the collector, a worker: some, and one in this time, and at most 96 KiB of them. */
const GC_ROWS_MIN = 256;
const GC_ROW_NS = 5e6;
const GC_ROW_LIMIT = 4096;

/**
 * Where the block begins in its buffer, so that a task's row is one cache line: two workers that poll neighbours
 * would else write to the same line. The C library puts a large buffer 16 bytes behind the start of a page; where it
 * does not, only speed is lost.
 */
const BLOCK_BEGINS_AT = 64 - 16;

/** The witness ticks this often. */
export const TICK_NS = 1e6;

/** How far a task came. Written last, so that a row whose state says `done` is whole. */
export const taskStates: Readonly<
  Record<"none" | "submitted" | "started" | "done" | "failed" | "cancelled" | "unserved", number>
> = {
  none: 0,
  submitted: 1,
  started: 2,
  done: 3,
  failed: 4,
  cancelled: 5,
  /** Set by the witness at the cut-off, in the sealed copy only. */
  unserved: 6,
};

/** Why a worker polled nothing. */
export const stretchKinds: Readonly<Record<"idle" | "gc", number>> = {
  /** It had nothing to poll: from the end of its last poll to the start of its next. */
  idle: 1,
  /** Its engine collected garbage on its thread, at whatever it was. */
  gc: 2,
};

export const recordsHeaderRow: Layout<
  | "magicLow"
  | "magicHigh"
  | "version"
  | "laneCount"
  | "taskCount"
  | "canaryCapacity"
  | "holdCapacity"
  | "tickCapacity"
  | "stretchCapacity"
  | "canaryCount"
  | "holdCount"
  | "tickCount"
  | "tasksEnded"
  | "stop"
  | "releaseEnded"
  | "reserved0"
  | "epochNs"
  | "endNs"
  | "idleRowMinNs"
  | "reserved1"
  | "reserved2"
  | "reserved3"
  | "reserved4"
  | "reserved5"
> = layout("RecordsHeader", {
  magicLow: "u32",
  magicHigh: "u32",
  version: "u32",
  laneCount: "u32",
  taskCount: "u32",
  canaryCapacity: "u32",
  holdCapacity: "u32",
  tickCapacity: "u32",
  /** Of all lanes together. */
  stretchCapacity: "u32",
  /** Canaries released so far. Written by the releaser. */
  canaryCount: "i32",
  /** Hold rows claimed so far: an atomic add by whoever records one. May pass the capacity; such rows are lost. */
  holdCount: "i32",
  /** Tick rows written so far. Written by the witness. */
  tickCount: "i32",
  /** 1: every task has ended; the releaser releases the canaries due by now and no later one. Written by the witness. */
  tasksEnded: "i32",
  /** 1: workers and releaser leave their loops. Written by the witness. */
  stop: "i32",
  /** 1: nothing will be released any more. Written by the releaser. */
  releaseEnded: "i32",
  reserved0: "u32",
  /** CLOCK_MONOTONIC at the trial's epoch, in ns. Written before `execute` starts. */
  epochNs: "f64",
  /** When the trial was sealed, ns since the epoch; 0 until it is over. Written by the witness before it says `stop`. */
  endNs: "f64",
  /** An idle stretch shorter than this has no row. */
  idleRowMinNs: "f64",
  reserved1: "f64",
  reserved2: "f64",
  reserved3: "f64",
  reserved4: "f64",
  reserved5: "f64",
});

/**
 * A worker's own counters: written by that worker only, read by the witness. It ends in more than a cache line
 * that nobody writes, so that two lanes share none wherever the block begins in memory.
 */
export const laneRow: Layout<
  | "submitted"
  | "started"
  | "done"
  | "failed"
  | "cancelled"
  | "polls"
  | "spawned"
  | "canariesRun"
  | "steals"
  | "parks"
  | "threadId"
  | "overflows"
  | "forcedYields"
  | "lifoPolls"
  | "wakes"
  | "stretchFirst"
  | "stretchCapacity"
  | "stretchCount"
  | "stretchesLost"
  | "gcWatched"
  | "opCount"
  | "shortestNs"
  | "idleNs"
  | "gcNs"
  | "gcLongestNs"
  | "reserved0"
  | "reserved1"
  | "reserved2"
  | "unwritten"
> = layout("Lane", {
  /** Tasks handed to the runtime. */
  submitted: "u32",
  started: "u32",
  done: "u32",
  failed: "u32",
  cancelled: "u32",
  polls: "u32",
  /** Successors and children that this worker released. */
  spawned: "u32",
  canariesRun: "u32",
  steals: "u32",
  parks: "u32",
  /** Kernel id of the worker's thread; 0 where the kernel tells none. */
  threadId: "u32",
  /** Tasks moved from this worker's full queue to the one that all share. */
  overflows: "u32",
  /** Tasks made to yield because their budget was used up. */
  forcedYields: "u32",
  /** Polls of a task from the slot for the one that became ready last. */
  lifoPolls: "u32",
  /** Other workers that this one woke. */
  wakes: "u32",
  /** The lane's part of the stretches, in rows: where it begins, how many it holds, how many are written. */
  stretchFirst: "u32",
  stretchCapacity: "u32",
  stretchCount: "u32",
  /** Stretches that found no room; the sums below have them. */
  stretchesLost: "u32",
  /** 1: every collection on this worker's thread during the trial is in its stretches and sums. */
  gcWatched: "u32",
  /** Ops performed, by opcode. */
  opCount: "u32x16",
  /** The least (actual − nominal) seen, by opcode; 0 until one was late or early. */
  shortestNs: "f64x16",
  /** Σ of all idle stretches, also of those too short for a row; 0: this runtime records none. */
  idleNs: "f64",
  /** Σ and longest of the pauses of the collector. */
  gcNs: "f64",
  gcLongestNs: "f64",
  reserved0: "f64",
  reserved1: "f64",
  reserved2: "f64",
  unwritten: "u32x16",
});

/** One a task. */
export const taskRecordRow: Layout<
  | "submittedNs"
  | "firstPollNs"
  | "finishNs"
  | "resumeWaitNs"
  | "heldNs"
  | "pollCount"
  | "checksum"
  | "worker"
  | "state"
  | "starts"
  | "reserved0"
  | "reserved1"
> = layout("TaskRecord", {
  submittedNs: "f64",
  firstPollNs: "f64",
  finishNs: "f64",
  /** Σ (poll − ready) of all polls but the first. */
  resumeWaitNs: "f64",
  /** Σ of the stretches in which its ops held a worker. */
  heldNs: "f64",
  pollCount: "u32",
  checksum: "u32",
  /** Lane of the worker of the first poll. */
  worker: "u16",
  state: "u8",
  /** How often it was started: 1, or the runtime repeats tasks. Stays at 255. */
  starts: "u8",
  reserved0: "u32",
  reserved1: "f64",
});

/** One a canary. */
export const canaryRow: Layout<"dueNs" | "submittedNs" | "runNs" | "worker" | "state" | "reserved"> = layout(
  "Canary",
  {
    dueNs: "f64",
    submittedNs: "f64",
    runNs: "f64",
    worker: "u16",
    /** A `taskStates` code: submitted, done. */
    state: "u16",
    reserved: "u32",
  },
);

/** One a hold: every block, and every CPU op of at least CPU_HOLD_ROW_MIN_NS. */
export const holdRow: Layout<"startNs" | "endNs" | "task" | "worker" | "op"> = layout("Hold", {
  startNs: "f64",
  endNs: "f64",
  task: "u32",
  worker: "u16",
  op: "u16",
});

/** One a tick of the witness. */
export const tickRow: Layout<"dueNs" | "atNs" | "inFlight" | "reserved"> = layout("Tick", {
  dueNs: "f64",
  atNs: "f64",
  /** Tasks submitted and not ended, by the runtime's own counters. */
  inFlight: "u32",
  reserved: "u32",
});

/** One a stretch in which a worker polled nothing. Of one lane in the order in which they were recorded. */
export const stretchRow: Layout<"startNs" | "endNs" | "worker" | "kind" | "reserved"> = layout("Stretch", {
  startNs: "f64",
  endNs: "f64",
  worker: "u16",
  /** A `stretchKinds` code. */
  kind: "u16",
  reserved: "u32",
});

export interface RecordsShape {
  /** One a worker and one for the releaser. */
  readonly laneCount: number;
  readonly taskCount: number;
  readonly canaryCapacity: number;
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
  const holdsAt = canariesAt + shape.canaryCapacity * canaryRow.strideBytes;
  const ticksAt = holdsAt + shape.holdCapacity * holdRow.strideBytes;
  const stretchesAt = ticksAt + shape.tickCapacity * tickRow.strideBytes;
  return {
    lanesAt,
    tasksAt,
    canariesAt,
    holdsAt,
    ticksAt,
    stretchesAt,
    endBytes: stretchesAt + shape.stretchCapacity * stretchRow.strideBytes,
  };
}

/** What a trial of `trace` with `workerCount` workers may record at most. */
export function shapeFor(trace: Trace, workerCount: number): RecordsShape {
  const cutOffNs = trace.windowNs + trace.drainNs;
  const { idleRows, idleRowMinNs } = idleLimit(trace, workerCount);
  const gcRows = Math.min(GC_ROWS_MIN + Math.ceil(cutOffNs / GC_ROW_NS), GC_ROW_LIMIT);
  return {
    laneCount: workerCount + 1,
    taskCount: trace.taskCount,
    canaryCapacity: canaryLimit(trace),
    holdCapacity: holdOpsOf(trace),
    tickCapacity: Math.ceil(cutOffNs / TICK_NS) + 1,
    stretchCapacity: workerCount * (idleRows + gcRows),
    idleRowMinNs,
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
  const { lanesAt, tasksAt, canariesAt, holdsAt, ticksAt, stretchesAt } = sections;
  const length = (row: Layout<string>, type: "u8" | "u16" | "u32" | "f64", rows: number): number =>
    strideIn(row, type) * rows;
  const { laneCount, taskCount, canaryCapacity, holdCapacity, tickCapacity, stretchCapacity } = shape;
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

/** Canaries that may be released: one a full period of the window; without a window, up to the cut-off. */
function canaryLimit({ canaryPeriodNs, windowNs, drainNs }: Trace): number {
  if (canaryPeriodNs === 0) return 0;
  return windowNs > 0 ? Math.floor(windowNs / canaryPeriodNs) : Math.ceil(drainNs / canaryPeriodNs) + 1;
}

/** How many idle stretches of a worker can get a row, and how long one must be for that. */
function idleLimit(trace: Trace, workerCount: number): { idleRows: number; idleRowMinNs: number } {
  const cutOffNs = trace.windowNs + trace.drainNs;
  const rowLimit = Math.min(IDLE_ROW_LIMIT, Math.floor(IDLE_ROW_LIMIT_OF_ALL / workerCount));
  // Between two of them there is a poll.
  const stretches = pollBound(trace, canaryLimit(trace)) + 1;
  const idleRowMinNs =
    stretches <= rowLimit ? IDLE_ROW_MIN_NS : Math.max(IDLE_ROW_MIN_NS, cutOffNs / (rowLimit - 1));
  return { idleRows: Math.min(stretches, Math.floor(cutOffNs / idleRowMinNs) + 1), idleRowMinNs };
}

/** Upper bound of hold rows: one an op that can hold a worker. */
function holdOpsOf(trace: Trace): number {
  const perProgram = Array.from({ length: trace.programCount }, (_, program) => {
    const first = trace.programU32[program * PROGRAM_U32 + PROGRAM_FIRST_OP] as number;
    const count = trace.programU32[program * PROGRAM_U32 + PROGRAM_OP_COUNT] as number;
    let holds = 0;
    for (let op = first; op < first + count; op++) {
      const code = trace.opU32[op * OP_U32 + OP_CODE] as number;
      if (code === CPU || code === BLOCK) holds++;
    }
    return holds;
  });
  let total = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    total += perProgram[trace.taskU32[task * TASK_U32 + TASK_PROGRAM] as number] as number;
  }
  return total;
}

const LANE_WORDS = strideIn(laneRow, "u32");
const LANE_DOUBLES = strideIn(laneRow, "f64");
const LANE = laneRow.index;

/** The sum of one counter over all lanes. */
export function sumLanes(
  records: Records,
  field: Exclude<keyof typeof laneRow.index, "opCount" | "shortestNs" | "idleNs" | "gcNs" | "gcLongestNs">,
): number {
  let sum = 0;
  for (let lane = 0; lane < records.shape.laneCount; lane++) {
    sum += records.laneU32[lane * LANE_WORDS + LANE[field]] as number;
  }
  return sum;
}

/** Kernel ids of the threads of the lanes, the releaser's last; 0 where unknown. */
export function laneThreadIds(records: Records): number[] {
  return Array.from(
    { length: records.shape.laneCount },
    (_, lane) => records.laneU32[lane * LANE_WORDS + LANE.threadId] as number,
  );
}

/** Ops performed and the least (actual − nominal), over all lanes, by opcode. */
export function opsPerformed(records: Records): { count: Float64Array; shortestNs: Float64Array } {
  const count = new Float64Array(OP_CODE_LIMIT);
  const shortestNs = new Float64Array(OP_CODE_LIMIT);
  for (let lane = 0; lane < records.shape.laneCount; lane++) {
    for (let op = 0; op < OP_CODE_LIMIT; op++) {
      count[op] = (count[op] as number) + (records.laneU32[lane * LANE_WORDS + LANE.opCount + op] as number);
      const least = records.laneF64[lane * LANE_DOUBLES + LANE.shortestNs + op] as number;
      shortestNs[op] = Math.min(shortestNs[op] as number, least);
    }
  }
  return { count, shortestNs };
}
