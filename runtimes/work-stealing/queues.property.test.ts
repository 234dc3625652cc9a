/**
 * What deque, injector and idle set promise to one thread alone. What they promise to many is shown in model/,
 * where every interleaving of them is run.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Deque, dequeWords } from "./deque.ts";
import { Idle, IN_LOOP, idleWords, NOBODY } from "./idle.ts";
import { EMPTY, Injector, injectorWords } from "./injector.ts";

const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));

describe("deque and injector", () => {
  test("alone a deque is a bounded first-in-first-out queue", () => {
    const script = fc.array(fc.boolean(), { maxLength: 300 });
    fc.assert(
      fc.property(script, (pushes) => {
        const deque = new Deque(words(dequeWords(8)));
        const model: number[] = [];
        pushes.forEach((isPush, id) => {
          if (isPush) expect(deque.push(id)).toBe(model.length < 8 && model.push(id) > 0);
          else expect(deque.pop()).toBe(model.shift() ?? EMPTY);
          expect(deque.length).toBe(model.length);
        });
      }),
    );
  });

  test("alone an injector is a first-in-first-out queue of batches", () => {
    const script = fc.array(fc.nat(5), { maxLength: 300 });
    fc.assert(
      fc.property(script, (batches) => {
        const injector = new Injector(words(injectorWords(64)));
        const model: number[] = [];
        let next = 0;
        for (const count of batches) {
          if (count > 0 && model.length + count <= 64) {
            const ids = Int32Array.from({ length: count }, () => next++);
            if (count === 1) injector.pushOne(ids[0] as number);
            else injector.push(ids, count);
            model.push(...ids);
          } else {
            expect(injector.pop()).toBe(model.shift() ?? EMPTY);
          }
        }
        expect(injector.tail() - injector.head()).toBe(model.length);
      }),
    );
  });

  test("a thief takes half, rounded up, and the oldest first", () => {
    const own = new Deque(words(dequeWords(8)));
    const thief = new Deque(words(dequeWords(8)));
    for (const id of [1, 2, 3, 4, 5]) own.push(id);
    expect(thief.stealFrom(own)).toBe(1);
    expect([thief.pop(), thief.pop(), thief.pop()]).toEqual([2, 3, EMPTY]);
    expect([own.pop(), own.pop(), own.pop()]).toEqual([4, 5, EMPTY]);
  });

  test("an overflow hands on the older half and then the newcomer", () => {
    const own = new Deque(words(dequeWords(4)));
    const injector = new Injector(words(injectorWords(16)));
    for (const id of [1, 2, 3, 4]) expect(own.push(id)).toBe(true);
    expect(own.push(5)).toBe(false);
    expect(own.overflow(5, injector)).toBe(true);
    expect([injector.pop(), injector.pop(), injector.pop(), injector.pop()]).toEqual([1, 2, 5, EMPTY]);
    expect([own.pop(), own.pop(), own.pop()]).toEqual([3, 4, EMPTY]);
  });

  test("an injector that would hold more ids than there are says so", () => {
    const injector = new Injector(words(injectorWords(2)));
    injector.push(Int32Array.of(0, 1), 2);
    expect(() => injector.push(Int32Array.of(0), 1)).toThrow("holds an id twice");
  });
});

describe("idle set", () => {
  test("wakes one at a time, and nobody while somebody searches", () => {
    const idle = new Idle(words(idleWords(3)));
    for (const worker of [0, 1, 2]) idle.announce(worker, IN_LOOP, false);
    expect([idle.wakeOne(), idle.wakeOne()]).toEqual([0, NOBODY]);
    expect(idle.retract(0)).toBe(true);
    idle.endSearch();
    expect(idle.wakeOne()).toBe(1);
  });

  test("a worker that wakes by itself is woken by nobody else", () => {
    const idle = new Idle(words(idleWords(1)));
    idle.announce(0, IN_LOOP, false);
    expect(idle.retract(0)).toBe(false);
    expect(idle.wakeOne()).toBe(NOBODY);
    expect(idle.isAnyoneSearching()).toBe(false);
  });

  test("an interrupt wakes its worker whoever searches, and is nothing to one that does not sleep", () => {
    const idle = new Idle(words(idleWords(2)));
    expect(idle.interrupt(1)).toBe(NOBODY);
    expect(idle.isAnyoneSearching()).toBe(false);
    for (const worker of [0, 1]) idle.announce(worker, IN_LOOP, false);
    expect([idle.wakeOne(), idle.interrupt(1), idle.interrupt(1)]).toEqual([0, 1, NOBODY]);
    expect([idle.retract(0), idle.retract(1)]).toEqual([true, true]);
  });

  test("at most half of the workers search, and one of one may", () => {
    const one = new Idle(words(idleWords(1)));
    expect([one.trySearch(), one.trySearch()]).toEqual([true, false]);
    const four = new Idle(words(idleWords(4)));
    expect([four.trySearch(), four.trySearch(), four.trySearch()]).toEqual([true, true, false]);
  });
});
