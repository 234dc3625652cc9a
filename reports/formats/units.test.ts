import { expect, test } from "vitest";
import {
  bytesText,
  countText,
  exactCountText,
  nsText,
  pointsText,
  ratioText,
  shareText,
  signed,
} from "./units.ts";

test.each([
  [null, "–"],
  [0, "0 ns"],
  [0.25, "0.25 ns"],
  [12, "12 ns"],
  [999.4, "999 ns"],
  [999.6, "1 µs"],
  [1234, "1.23 µs"],
  [999_600, "1 ms"],
  [50_200_000, "50.2 ms"],
  [1.5e9, "1.5 s"],
  [7200e9, "7200 s"],
  [-1500, "-1.5 µs"],
  [1e-7, "< 0.001 ns"],
])("%s ns is shown as %s", (ns, text) => {
  expect(nsText(ns)).toBe(text);
});

test.each([
  [null, "–"],
  [0, "0"],
  [12, "12"],
  [1999, "2k"],
  [2004.7, "2k"],
  [12_345, "12.3k"],
  [7_890_000, "7.89M"],
])("a rate of %s is shown as %s", (rate, text) => {
  expect(countText(rate)).toBe(text);
});

test.each([
  [null, "–"],
  [0, "0 %"],
  [0.4975, "49.8 %"],
  [1, "100 %"],
  [0.00012, "0.012 %"],
  [1e-7, "< 0.001 %"],
])("a share of %s is shown as %s", (share, text) => {
  expect(shareText(share)).toBe(text);
});

test.each([
  [null, "–"],
  [1, "1×"],
  [9.307, "9.31×"],
  [12_345, "12.3k×"],
])("a ratio of %s is shown as %s", (ratio, text) => {
  expect(ratioText(ratio)).toBe(text);
});

test("differences have a sign, those of shares are in points", () => {
  expect([0.0123, -0.5, 0].map((share) => signed(share, pointsText))).toEqual(["+1.23 pp", "-50 pp", "0 pp"]);
  expect([1500, -1500].map((ns) => signed(ns, nsText))).toEqual(["+1.5 µs", "-1.5 µs"]);
});

test("bytes and exact counts", () => {
  expect(bytesText(61_234_567)).toBe("61.2 MB");
  expect(bytesText(0)).toBe("0 B");
  expect(exactCountText(123_456)).toBe("123456");
  expect(exactCountText(2.5)).toBe("2.5");
});
