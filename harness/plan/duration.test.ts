import { expect, test } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

const range = { minNs: 1e3, maxNs: 3600e9, exampleNs: 1e6 };

test.each([
  ["1us", 1e3],
  ["1.5ms", 1.5e6],
  [".5s", 0.5e9],
  ["2s", 2e9],
  ["10m", 600e9],
  [" 2s ", 2e9],
])("%j is %d ns", (text, ns) => {
  expect(parseDuration(text, range)).toEqual({ ns });
});

test.each([
  "",
  "5",
  5,
  "0s",
  "-1s",
  "NaNs",
  "Infinitys",
  "1h",
  "1e3s",
  "2 s",
  "0.1us",
  "61m",
  null,
  ["1s"],
  {},
])("%j is refused with the allowed range", (given) => {
  const parsed = parseDuration(given, range);
  expect("wrong" in parsed && parsed.wrong).toContain('from 1us to 60m, like "1ms".');
});

test("a duration is written in its largest unit", () => {
  expect([1e3, 1.5e6, 1e9, 90e9, 500].map(formatDuration)).toEqual(["1us", "1.5ms", "1s", "1.5m", "0.5us"]);
});
