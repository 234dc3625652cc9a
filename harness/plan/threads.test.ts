import { expect, test } from "vitest";
import { parseThreads } from "./threads.ts";

test.each([
  ["1x", 2, 2],
  ["2x", 2, 4],
  ["1.5x", 3, 5],
  ["0.1x", 2, 1],
  ["0", 6, 6],
  [0, 6, 6],
  ["3", 2, 3],
  [1024, 2, 1024],
  ["512x", 2, 1024],
])("%j on %d cores is %d workers", (given, coreCount, workerCount) => {
  const parsed = parseThreads(given, coreCount);
  expect(parsed).toEqual({ threads: { label: String(given), workerCount } });
});

test.each([
  -1,
  "-1",
  1.5,
  "1.5",
  Number.NaN,
  Infinity,
  "0x",
  "x",
  "2X",
  "1025",
  "513x",
  "",
  " ",
  null,
  true,
  [1],
  "0x10",
  "1e2",
])("%j is refused", (given) => {
  const parsed = parseThreads(given, 2);
  expect("wrong" in parsed && parsed.wrong).toContain("Give 0 (all cores)");
});
