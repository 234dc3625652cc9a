/**
 * The record file: a trial's records, compacted and sealed.
 *
 * Layout: the block of `runtimes/record.ts` with its canaries of both kinds, holds, ticks and each lane's stretches cut to those
 * in use, then a footer of "ISOSEAL1" and the SHA-256 of all before it. A file without a whole footer is no result.
 */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import {
  canaryRow,
  holdRow,
  laneRow,
  recordsHeaderRow,
  stretchRow,
  taskRecordRow,
  taskStates,
  tickRow,
  timerRow,
} from "../../runtimes/record.ts";
import { decodeRecords, type Records } from "../../runtimes/records.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import { readAligned } from "./aligned-file.ts";

const FOOTER_MAGIC = Buffer.from("ISOSEAL1");
const HASH_BYTES = 32;
const FOOTER_BYTES = FOOTER_MAGIC.length + HASH_BYTES;
/** Written in pieces of this size, so that the event loop turns in between. */
const PIECE_BYTES = 8 * 1024 * 1024;

/**
 * Writes what the records hold at this instant to `path`, with every task that is not done marked unserved.
 * Runtime threads may still be writing: rows are copied first, and a row counts as done only by its state.
 */
export async function sealRecords(records: Records, path: string): Promise<void> {
  const file = await open(path, "wx");
  const hash = createHash("sha256");
  for (const section of sealedSections(records)) {
    for (let at = 0; at < section.length; at += PIECE_BYTES) {
      const piece = section.subarray(at, at + PIECE_BYTES);
      hash.update(piece);
      await file.writeFile(piece);
    }
  }
  await file.writeFile(Buffer.concat([FOOTER_MAGIC, hash.digest()]));
  await file.sync();
  await file.close();
}

/** Reads a record file, or says in one sentence what is wrong with it. */
export function readRecords(path: string): { records: Records } | { damage: string } {
  const bytes = readAligned(path);
  if (bytes.length < FOOTER_BYTES) return { damage: `${bytes.length} bytes are too few for a record file` };
  const body = bytes.subarray(0, bytes.length - FOOTER_BYTES);
  const footer = bytes.subarray(body.length);
  if (FOOTER_MAGIC.compare(footer, 0, FOOTER_MAGIC.length) !== 0) {
    return { damage: "the record file has no footer: it was cut off while it was written, or changed since" };
  }
  const hash = createHash("sha256").update(body).digest();
  if (hash.compare(footer, FOOTER_MAGIC.length) !== 0) {
    return { damage: "the checksum in the record file's footer does not match its content" };
  }
  return decodeRecords(body);
}

/** Private copies of the sections, in the order of the file. */
function sealedSections(records: Records): Uint8Array[] {
  const { shape, sections, bytes } = records;
  const at = recordsHeaderRow.index;
  const used = (count: number, capacity: number): number => Math.min(Math.max(0, count), capacity);
  const header = bytes.slice(0, recordsHeaderRow.strideBytes);
  const words = new Int32Array(header.buffer, 0, strideIn(recordsHeaderRow, "u32"));
  const canaryCount = used(Atomics.load(records.headerI32, at.canaryCount), shape.canaryCapacity);
  const timerCount = used(Atomics.load(records.headerI32, at.timerCount), shape.timerCapacity);
  const holdCount = used(Atomics.load(records.headerI32, at.holdCount), shape.holdCapacity);
  const tickCount = used(Atomics.load(records.headerI32, at.tickCount), shape.tickCapacity);
  words[at.canaryCapacity] = words[at.canaryCount] = canaryCount;
  words[at.timerCapacity] = words[at.timerCount] = timerCount;
  words[at.holdCapacity] = words[at.holdCount] = holdCount;
  words[at.tickCapacity] = words[at.tickCount] = tickCount;
  const cut = (start: number, rowBytes: number, count: number): Uint8Array =>
    bytes.slice(start, start + rowBytes * count);
  const stretches = sealedStretches(records);
  words[at.stretchCapacity] =
    stretches.rows.reduce((sum, { length }) => sum + length, 0) / stretchRow.strideBytes;
  const tasks = cut(sections.tasksAt, taskRecordRow.strideBytes, shape.taskCount);
  markUnserved(tasks);
  return [
    header,
    stretches.lanes,
    tasks,
    cut(sections.canariesAt, canaryRow.strideBytes, canaryCount),
    cut(sections.timersAt, timerRow.strideBytes, timerCount),
    cut(sections.holdsAt, holdRow.strideBytes, holdCount),
    cut(sections.ticksAt, tickRow.strideBytes, tickCount),
    ...stretches.rows,
  ];
}

/** The lanes, and each lane's stretches that are in use; the lanes say where these stand in the file. */
function sealedStretches({ shape, sections, bytes, laneU32 }: Records): {
  lanes: Uint8Array;
  rows: Uint8Array[];
} {
  const laneWords = strideIn(laneRow, "u32");
  const at = laneRow.index;
  // Counted before anything is copied: a row that is counted is whole.
  const counts = Array.from({ length: shape.laneCount }, (_, lane) =>
    Atomics.load(laneU32, lane * laneWords + at.stretchCount),
  );
  const lanes = bytes.slice(sections.lanesAt, sections.lanesAt + laneRow.strideBytes * shape.laneCount);
  const words = new Uint32Array(lanes.buffer);
  let next = 0;
  const rows = counts.map((counted, lane) => {
    const own = lane * laneWords;
    const count = Math.min(counted, words[own + at.stretchCapacity] as number);
    const from = sections.stretchesAt + stretchRow.strideBytes * (words[own + at.stretchFirst] as number);
    words[own + at.stretchFirst] = next;
    words[own + at.stretchCapacity] = words[own + at.stretchCount] = count;
    next += count;
    return bytes.slice(from, from + stretchRow.strideBytes * count);
  });
  return { lanes, rows };
}

function markUnserved(tasks: Uint8Array): void {
  const { done, failed, cancelled, unserved } = taskStates;
  for (let at = taskRecordRow.offsetBytes.state; at < tasks.length; at += taskRecordRow.strideBytes) {
    const state = tasks[at];
    if (state !== done && state !== failed && state !== cancelled) tasks[at] = unserved;
  }
}
