import fc from "fast-check";
import { expect, test } from "vitest";
import { ReadyQueue } from "./ready-queue.ts";

test("ids leave in the order they came, each with its mark, also across growth", () => {
  const script = fc.array(fc.integer({ min: -400, max: 900 }), { maxLength: 30 });
  fc.assert(
    fc.property(script, (runs) => {
      const queue = new ReadyQueue();
      const model: number[] = [];
      let next = 0;
      for (const run of runs) {
        for (let push = 0; push < run; push++) {
          queue.push(next, next + 7);
          model.push(next++);
        }
        for (let shift = 0; shift < Math.min(-run, model.length); ) {
          expect(queue.firstMark).toBe((model[0] as number) + 7);
          expect(queue.shift()).toBe(model.shift());
          shift++;
        }
        expect(queue.length).toBe(model.length);
      }
    }),
  );
});
