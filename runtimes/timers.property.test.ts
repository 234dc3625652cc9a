import fc from "fast-check";
import { expect, test } from "vitest";
import { Timers } from "./timers.ts";

test("timers fire in the order of their due times, and those due together in the order they were set", () => {
  const script = fc.array(fc.option(fc.nat(20), { freq: 3 }), { maxLength: 400 });
  fc.assert(
    fc.property(script, (dues) => {
      const timers = new Timers();
      const model: { due: number; what: number }[] = [];
      dues.forEach((due, what) => {
        if (due !== null) {
          timers.set(due, what);
          model.push({ due, what });
          model.sort((a, b) => a.due - b.due || a.what - b.what);
        } else if (model.length > 0) {
          expect(timers.take()).toBe(model.shift()?.what);
        }
        expect(timers.firstNs).toBe(model[0]?.due ?? Number.POSITIVE_INFINITY);
      });
    }),
    { numRuns: 500 },
  );
});
