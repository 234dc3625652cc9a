/**
 * Deque, injector and idle set under interleavings: at every atomic operation of one thread another may run a
 * whole operation of its own. The port of the atomics is where the other thread cuts in.
 */
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";

const port = vi.hoisted(() => ({
  /** Called before each atomic operation; it may run another thread's operation. */
  cutIn: (): void => undefined,
  /** A compare-and-swap that swaps without comparing: the negative control. */
  isCasBroken: false,
}));

vi.mock("./atomics.js", async (original) => {
  const real = await original<typeof import("./atomics.ts")>();
  const cutting = Object.fromEntries(
    Object.entries(real).map(([name, operation]) => [
      name,
      (...operands: Parameters<typeof operation>) => {
        port.cutIn();
        return (operation as (...operands: unknown[]) => unknown)(...operands);
      },
    ]),
  );
  return {
    ...cutting,
    cas: (words: Int32Array, at: number, expected: number, value: number) => {
      port.cutIn();
      if (!port.isCasBroken) return real.cas(words, at, expected, value);
      real.store(words, at, value);
      return true;
    },
  };
});

const { Deque, dequeWords } = await import("./deque.js");
const { EMPTY, Injector, injectorWords } = await import("./injector.js");
const { Idle, idleWords, IN_LOOP, NOBODY, ON_WORD } = await import("./idle.js");

const words = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count));

afterEach(() => {
  port.cutIn = () => undefined;
  port.isCasBroken = false;
});

/** Numbers that steer: what an owner does, and when and where thieves cut in. */
const steps = fc.array(fc.nat(999), { minLength: 20, maxLength: 200 });

/**
 * An owner pushes, pops and overflows in a deque of four while two thieves cut in, one inside the other; then
 * all is drained. Answers every id that was taken, in order of its number.
 */
function idsTaken(script: readonly number[]): { pushed: number; taken: number[] } {
  const capacity = 4;
  const [ownWords, thiefWords] = [
    words(dequeWords(capacity)),
    [words(dequeWords(capacity)), words(dequeWords(capacity))],
  ];
  const injector = new Injector(words(injectorWords(256)));
  const own = new Deque(ownWords);
  const thieves = thiefWords.map((memory) => new Deque(memory));
  const taken: number[] = [];
  const keep = (id: number): void => {
    if (id !== EMPTY) taken.push(id);
  };
  let at = 0;
  let depth = 0;
  const draw = (): number => script[at++ % script.length] as number;
  port.cutIn = () => {
    if (depth === thieves.length || at > 4 * script.length || draw() % 3 !== 0) return;
    const thief = thieves[depth++] as InstanceType<typeof Deque>;
    keep(thief.pop());
    if (thief.length === 0) keep(draw() % 2 === 0 ? thief.stealFrom(own) : thief.takeFrom(injector, 3));
    depth--;
  };
  let pushed = 0;
  for (const step of script) {
    if (step % 3 === 0) keep(own.pop());
    else if (pushed < 250) {
      const id = pushed++;
      while (!own.push(id)) if (own.overflow(id, injector)) break;
    }
  }
  port.cutIn = () => undefined;
  for (const queue of [own, ...thieves, injector])
    for (let id = queue.pop(); id !== EMPTY; id = queue.pop()) keep(id);
  return { pushed, taken: taken.sort((a, b) => a - b) };
}

const exactlyOnce = fc.property(steps, (script) => {
  const { pushed, taken } = idsTaken(script);
  expect(taken).toEqual(Array.from({ length: pushed }, (_, id) => id));
});

describe("deque and injector", () => {
  test("every id is taken exactly once however two thieves cut in", () => {
    fc.assert(exactlyOnce, { numRuns: 3000 });
  });

  test("without a comparing swap ids are lost or repeated, and the same property sees it", () => {
    port.isCasBroken = true;
    const control = fc.property(steps, (script) => {
      port.isCasBroken = true;
      const { pushed, taken } = idsTaken(script);
      return taken.length === pushed && taken.every((id, index) => id === index);
    });
    expect(fc.check(control, { numRuns: 3000 }).failed).toBe(true);
  });

  test("a thief that cuts in between an owner's copy and its swap makes the owner try again", () => {
    const own = new Deque(words(dequeWords(4)));
    const thief = new Deque(words(dequeWords(4)));
    for (const id of [1, 2, 3]) own.push(id);
    let operations = 0;
    let stolen = EMPTY;
    port.cutIn = () => {
      if (++operations !== 2) return;
      port.cutIn = () => undefined;
      stolen = thief.stealFrom(own);
    };
    expect(own.pop()).toBe(3);
    expect([stolen, thief.pop(), own.pop()]).toEqual([1, 2, EMPTY]);
  });

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
            injector.push(ids, count);
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
  /**
   * A worker of two parks as the loop does, and at its `step`-th atomic operation a producer publishes and
   * wakes. Answers whether the id is left to nobody.
   */
  function isLost(step: number, looksAgain: boolean): boolean {
    const idle = new Idle(words(idleWords(2)));
    let isPublished = false;
    let isWoken = false;
    let operations = 0;
    idle.announce(1, ON_WORD, false);
    idle.interrupt(1);
    idle.retract(1);
    idle.endSearch();
    const isSearching = idle.trySearch();
    port.cutIn = () => {
      if (operations++ !== step) return;
      port.cutIn = () => undefined;
      isPublished = true;
      isWoken = idle.wakeOne() === 0;
    };
    const hasFoundBefore = isPublished;
    idle.announce(0, IN_LOOP, isSearching);
    const seesAgain = looksAgain && !idle.isAnyoneSearching() && isPublished;
    port.cutIn();
    return isPublished && !hasFoundBefore && !seesAgain && !isWoken;
  }

  const everyStep = Array.from({ length: 6 }, (_, step) => step);

  test("no id is left to nobody, whenever it is published while a worker parks", () => {
    for (const step of everyStep) expect([step, isLost(step, true)]).toEqual([step, false]);
  });

  test("without the last look an id published while the worker searches is left to nobody", () => {
    expect(everyStep.some((step) => isLost(step, false))).toBe(true);
  });

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

  test("a worker that is woken while it wakes by itself counts as woken, at every step", () => {
    for (let step = 0; step < 4; step++) {
      const idle = new Idle(words(idleWords(1)));
      idle.announce(0, IN_LOOP, false);
      let operations = 0;
      let woken = NOBODY;
      port.cutIn = () => {
        if (operations++ !== step) return;
        port.cutIn = () => undefined;
        woken = idle.wakeOne();
      };
      expect([step, idle.retract(0)]).toEqual([step, woken === 0]);
      port.cutIn = () => undefined;
      expect(idle.isAnyoneSearching()).toBe(woken === 0);
    }
  });

  test("at most half of the workers search, and one of one may", () => {
    const one = new Idle(words(idleWords(1)));
    expect([one.trySearch(), one.trySearch()]).toEqual([true, false]);
    const four = new Idle(words(idleWords(4)));
    expect([four.trySearch(), four.trySearch(), four.trySearch()]).toEqual([true, true, false]);
  });
});
