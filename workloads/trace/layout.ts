/**
 * Fixed-size little-endian rows, described once: TypeScript views and the generated Rust structs
 * (`#[repr(C)]`, offsets asserted at compile time) come from the same description.
 */
import { strict as assert } from "node:assert";

/** The types of a field: scalars, a 32-byte name, and arrays with one element an opcode. */
export type FieldType = "u8" | "u16" | "u32" | "i32" | "f64" | "name" | "u32x16" | "f64x16";

const bytesOf: Readonly<Record<FieldType, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  i32: 4,
  f64: 8,
  name: 32,
  u32x16: 64,
  f64x16: 128,
};

const alignmentOf: Readonly<Record<FieldType, number>> = { ...bytesOf, name: 8, u32x16: 4, f64x16: 8 };

export interface Layout<Field extends string> {
  readonly name: string;
  readonly strideBytes: number;
  readonly types: Readonly<Record<Field, FieldType>>;
  readonly offsetBytes: Readonly<Record<Field, number>>;
  /** Where the field stands in a view of its own type: `view[row * strideIn(layout, "f64") + index.dueNs]`. */
  readonly index: Readonly<Record<Field, number>>;
}

/** Lays the fields out in the given order; asserts natural alignment, so that no padding is implied. */
export function layout<const Field extends string>(
  name: string,
  types: Record<Field, FieldType>,
): Layout<Field> {
  const offsetBytes = {} as Record<Field, number>;
  const index = {} as Record<Field, number>;
  let end = 0;
  for (const field of Object.keys(types) as Field[]) {
    const type = types[field];
    const alignment = alignmentOf[type];
    assert(end % alignment === 0, `${name}.${field} would stand unaligned at byte ${end}`);
    offsetBytes[field] = end;
    index[field] = end / alignment;
    end += bytesOf[type];
  }
  assert(end % 8 === 0, `${name} is ${end} bytes long; rows are whole 8-byte words`);
  return { name, strideBytes: end, types, offsetBytes, index };
}

/** The row length in units of `type`. */
export function strideIn(row: Layout<string>, type: "u8" | "u16" | "u32" | "i32" | "f64"): number {
  return row.strideBytes / bytesOf[type];
}
