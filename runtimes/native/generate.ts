/**
 * Writes what the Rust addon takes from TypeScript: its rows, opcodes and constants as `src/generated.rs`, and
 * a small trace with its reference checksums that the Rust tests run without Node. All three are committed.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { FieldType, Layout } from "../../workloads/trace/layout.ts";
import { OP_CODE_LIMIT, type OpName, opNames, ops } from "../../workloads/trace/op.ts";
import { PAYLOAD_LIMIT_BYTES } from "../../workloads/trace/payload.ts";
import { referenceChecksums } from "../../workloads/trace/reference.ts";
import { allocateTrace, NO_DUE, NONE, PERIODS_A_TIMER, TRACE_VERSION } from "../../workloads/trace/trace.ts";
import { CPU_HOLD_ROW_MIN_NS, RECORDS_VERSION, stretchKinds, taskStates } from "../record.ts";
import { allocateRecords } from "../records.ts";
import { everyOpTrace } from "./every-op.ts";
import { layoutFingerprint, plainRows, sharedRows } from "./layouts.ts";

export interface GeneratedFile {
  /** From the package's root. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Everything that is generated, as it should stand on disk. */
export function generatedFiles(): readonly GeneratedFile[] {
  const trace = everyOpTrace();
  return [
    {
      path: "runtimes/native/src/generated.rs",
      bytes: new TextEncoder().encode(rustSource(plainRows, sharedRows)),
    },
    { path: "runtimes/native/tests/every-op.trace", bytes: trace.bytes },
    {
      path: "runtimes/native/tests/every-op.checksums",
      bytes: new Uint8Array(referenceChecksums(trace).buffer),
    },
  ];
}

/** The package's root, seen from the compiled file. */
export const packageRoot: URL = new URL("../../../", import.meta.url);

/** The Rust twin of the given rows, and of the op table and the constants. */
export function rustSource(plain: readonly Layout<string>[], shared: readonly Layout<string>[]): string {
  return [
    "//! The rows, opcodes and constants that this crate shares with TypeScript.",
    "//! Generated from `runtimes/native/layouts.ts` by `npm run generate`; a test compares.",
    "",
    "use crate::cells::{F64, I32, U8, U16, U32};",
    "",
    constants(),
    ...plain.map((row) => rustRow(row, plainTypes, "#[derive(Clone, Copy, Debug)]\n")),
    ...plain.map(
      (row) =>
        `// SAFETY: the offsets below leave no padding, and any bits are a value.\nunsafe impl crate::row::Row for ${row.name} {}\n`,
    ),
    ...shared.map((row) => rustRow(row, sharedTypes, "")),
    opcodes(),
    codes("How far a task or a canary came.", "task_state", "u8", taskStates),
    codes("Why a worker polled nothing.", "stretch_kind", "u16", stretchKinds),
    [...plain, ...shared].map(asserts).join("\n"),
  ].join("\n");
}

const plainTypes: Readonly<Record<FieldType, string>> = {
  u8: "u8",
  u16: "u16",
  u32: "u32",
  i32: "i32",
  f64: "f64",
  name: "[u8; 32]",
  u32x16: "[u32; 16]",
  f64x16: "[f64; 16]",
};

/** Memory with several writers: each field is an atomic of its own. */
const sharedTypes: Readonly<Record<FieldType, string>> = {
  u8: "U8",
  u16: "U16",
  u32: "U32",
  i32: "I32",
  f64: "F64",
  name: "[U8; 32]",
  u32x16: "[U32; 16]",
  f64x16: "[F64; 16]",
};

function rustRow(
  row: Layout<string>,
  types: Readonly<Record<FieldType, string>>,
  attributes: string,
): string {
  const fields = Object.entries(row.types).map(
    ([field, type]) => `    pub ${rustName(field)}: ${types[type]},`,
  );
  return [`${attributes}#[repr(C)]`, `pub struct ${row.name} {`, ...fields, "}", ""].join("\n");
}

function asserts(row: Layout<string>): string {
  const offsets = Object.entries(row.offsetBytes).map(
    ([field, offset]) => `    assert!(core::mem::offset_of!(${row.name}, ${rustName(field)}) == ${offset});`,
  );
  return [
    "const _: () = {",
    `    assert!(size_of::<${row.name}>() == ${row.strideBytes});`,
    ...offsets,
    "};",
    "",
  ].join("\n");
}

function constants(): string {
  return [
    `pub const LAYOUT_FINGERPRINT: &str =\n    "${layoutFingerprint()}";`,
    `pub const TRACE_MAGIC: [u8; 8] = *b"${magicOf(emptyTrace().bytes)}";`,
    `pub const TRACE_VERSION: u32 = ${TRACE_VERSION};`,
    `pub const RECORDS_MAGIC: [u8; 8] = *b"${magicOf(emptyRecords().bytes)}";`,
    `pub const RECORDS_VERSION: u32 = ${RECORDS_VERSION};`,
    "/// No such task, session or parent.",
    `pub const NONE: u32 = ${NONE};`,
    "/// No due time.",
    `pub const NO_DUE: f64 = ${rustDouble(NO_DUE)};`,
    "/// A shorter CPU hold gets no row.",
    `pub const CPU_HOLD_ROW_MIN_NS: f64 = ${rustDouble(CPU_HOLD_ROW_MIN_NS)};`,
    "/// The period of timer canaries, in periods of injected ones.",
    `pub const PERIODS_A_TIMER: f64 = ${rustDouble(PERIODS_A_TIMER)};`,
    "/// Opcodes are below this.",
    `pub const OP_CODE_LIMIT: usize = ${OP_CODE_LIMIT};`,
    "/// The largest payload of an echo.",
    `pub const PAYLOAD_LIMIT_BYTES: usize = ${PAYLOAD_LIMIT_BYTES};`,
    "",
  ].join("\n");
}

function opcodes(): string {
  const variant = (name: OpName): string => name.slice(0, 1).toUpperCase() + name.slice(1);
  return [
    "#[derive(Clone, Copy, Debug, PartialEq, Eq)]",
    "#[repr(u32)]",
    "pub enum Opcode {",
    ...opNames.map((name) => `    ${variant(name)} = ${ops[name].code},`),
    "}",
    "",
    "impl Opcode {",
    `    pub const ALL: [Opcode; ${opNames.length}] = [`,
    ...opNames.map((name) => `        Opcode::${variant(name)},`),
    "    ];",
    "}",
    "",
    "impl TryFrom<u32> for Opcode {",
    "    /// The code that is no opcode.",
    "    type Error = u32;",
    "",
    "    fn try_from(code: u32) -> Result<Self, u32> {",
    "        match code {",
    ...opNames.map((name) => `            ${ops[name].code} => Ok(Opcode::${variant(name)}),`),
    "            other => Err(other),",
    "        }",
    "    }",
    "}",
    "",
  ].join("\n");
}

function codes(
  purpose: string,
  module: string,
  type: "u8" | "u16",
  table: Readonly<Record<string, number>>,
): string {
  return [
    `/// ${purpose}`,
    `pub mod ${module} {`,
    ...Object.entries(table).map(([name, code]) => `    pub const ${name.toUpperCase()}: ${type} = ${code};`),
    "}",
    "",
  ].join("\n");
}

function magicOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 8));
}

function emptyTrace(): { bytes: Uint8Array } {
  return allocateTrace({
    seed: 0,
    classes: [],
    programCount: 0,
    opCount: 0,
    taskCount: 0,
    rootCount: 0,
    sessionCount: 0,
    connectionCount: 0,
    measuredClass: 0,
    canaryPeriodNs: 0,
    canaryPhaseNs: 0,
    windowNs: 0,
    drainNs: 0,
  });
}

function emptyRecords(): { bytes: Uint8Array } {
  return allocateRecords({
    laneCount: 0,
    taskCount: 0,
    canaryCapacity: 0,
    timerCapacity: 0,
    holdCapacity: 0,
    tickCapacity: 0,
    stretchCapacity: 0,
    idleRowMinNs: 0,
  });
}

/** dueNs → due_ns; Rust's own words get their escape. */
function rustName(field: string): string {
  const name = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return name === "loop" ? "r#loop" : name;
}

function rustDouble(value: number): string {
  return value.toFixed(1);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, bytes } of generatedFiles()) writeFileSync(new URL(path, packageRoot), bytes);
}
