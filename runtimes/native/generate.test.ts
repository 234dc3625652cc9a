import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { layout } from "../../workloads/trace/layout.ts";
import { generatedFiles, packageRoot, rustSource } from "./generate.ts";
import { plainRows, sharedRows } from "./layouts.ts";

test.each(generatedFiles())("$path is what `npm run generate` writes", ({ path, bytes }) => {
  const committed = readFileSync(new URL(path, packageRoot));
  // Compared as one value each: a difference of thousands of bytes says no more than that there is one.
  expect(committed.equals(bytes), `${path} is stale: run npm run generate and rebuild the addon`).toBe(true);
});

test("a field that moves changes the Rust source", () => {
  const moved = layout("Header", { seed: "f64", magicLow: "u32", magicHigh: "u32" });
  expect(rustSource([moved], [])).not.toBe(
    rustSource([layout("Header", { magicLow: "u32", magicHigh: "u32", seed: "f64" })], []),
  );
});

test("every field of every row has its offset asserted", () => {
  const source = rustSource(plainRows, sharedRows);
  const fieldCount = [...plainRows, ...sharedRows].flatMap((row) => Object.keys(row.types)).length;
  expect(source.match(/offset_of!/g)).toHaveLength(fieldCount);
});
