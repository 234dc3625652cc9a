import { expect, test } from "vitest";
import { LookInterval } from "./look-interval.ts";

/** The interval after many looks at ticks of this length. */
function settled(tickNs: number): number {
  const interval = new LookInterval();
  interval.begin(0);
  let nowNs = 0;
  for (let look = 0; look < 200; look++) {
    const { ticks } = interval;
    nowNs += ticks * tickNs;
    interval.look(nowNs, ticks);
  }
  return interval.ticks;
}

test.each([
  [100, 127],
  [50e3, 4],
  [20e3, 10],
  [10e6, 2],
])("ticks of %s ns make a worker look every %s ticks: about every 200 µs, within limits", (tickNs, ticks) => {
  expect(settled(tickNs)).toBe(ticks);
});

test("time that was waited does not count as polling", () => {
  const interval = new LookInterval();
  interval.begin(0);
  interval.look(61 * 1000, 61);
  const { ticks } = interval;
  interval.begin(5e9);
  interval.look(5e9 + ticks * 1000, ticks);
  expect(interval.ticks).toBe(127);
});

test("an interval that was given stays as it is", () => {
  const interval = new LookInterval(31);
  interval.begin(0);
  interval.look(31 * 10e6, 31);
  expect(interval.ticks).toBe(31);
});
