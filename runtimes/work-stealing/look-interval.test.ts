import { expect, test } from "vitest";
import { LookInterval } from "./look-interval.ts";

/** The interval after many looks at polls of this length. */
function settled(pollNs: number): number {
  const interval = new LookInterval();
  interval.begin(0);
  let nowNs = 0;
  for (let look = 0; look < 200; look++) {
    const { polls } = interval;
    nowNs += polls * pollNs;
    interval.look(nowNs, polls);
  }
  return interval.polls;
}

test.each([
  [100, 127],
  [50e3, 4],
  [20e3, 10],
  [10e6, 2],
])("polls of %s ns make a worker look every %s polls: about every 200 µs, within limits", (pollNs, polls) => {
  expect(settled(pollNs)).toBe(polls);
});

test("time that was waited does not count as polling", () => {
  const interval = new LookInterval();
  interval.begin(0);
  interval.look(61 * 1000, 61);
  const { polls } = interval;
  interval.begin(5e9);
  interval.look(5e9 + polls * 1000, polls);
  expect(interval.polls).toBe(127);
});
