/** The rows that the addon shares with TypeScript, and a fingerprint by which a stale addon is told from a fresh one. */
import { createHash } from "node:crypto";
import type { Layout } from "../../workloads/trace/layout.ts";
import { ops } from "../../workloads/trace/op.ts";
import { classRow, headerRow, opRow, programRow, taskRow } from "../../workloads/trace/trace.ts";
import { replyFrame, requestFrame } from "../echo-frame.ts";
import {
  canaryRow,
  holdRow,
  laneRow,
  recordsHeaderRow,
  stretchKinds,
  stretchRow,
  taskRecordRow,
  taskStates,
  tickRow,
  timerRow,
} from "../record.ts";

/** Rows that nobody writes while the addon reads them, or that it builds itself. */
export const plainRows: readonly Layout<string>[] = [
  headerRow,
  classRow,
  programRow,
  opRow,
  taskRow,
  requestFrame,
  replyFrame,
];

/** Rows in memory that several threads read and write at the same time. */
export const sharedRows: readonly Layout<string>[] = [
  recordsHeaderRow,
  laneRow,
  taskRecordRow,
  canaryRow,
  timerRow,
  holdRow,
  tickRow,
  stretchRow,
];

/** SHA-256 over all rows, opcodes, states and kinds, in hex. The addon carries the one it was generated with. */
export function layoutFingerprint(): string {
  return createHash("sha256")
    .update(JSON.stringify([plainRows, sharedRows, ops, taskStates, stretchKinds]))
    .digest("hex");
}
