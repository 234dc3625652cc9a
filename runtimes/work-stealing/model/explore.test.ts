/** The checker itself: what it counts, what it sees within which bound, and what it must not miss. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadCode } from "./code.ts";
import { type Bounds, type Case, type End, explore } from "./explore.ts";
import { StateTable } from "./state-table.ts";
import { plainBlock } from "./words.ts";

const { atomics } = await loadCode(null);

const everySchedule: Bounds = { preemptions: Number.POSITIVE_INFINITY, earlyReturns: 0 };

/** A case of threads that are given as their bodies, on words 0 and 1. */
function caseOf(
  bodies: readonly ((words: Int32Array, take: (id: number) => void) => void)[],
  judge: (words: Int32Array, end: End) => string | null,
): Case {
  const block = plainBlock("a", "b");
  return {
    name: "a case of the checker",
    blocks: [block],
    threads: bodies.map((body, index) => ({
      name: `t${index}`,
      start: () => (take) => body(block.words, take),
    })),
    bounds: everySchedule,
    judge: (end) => judge(block.words, end),
  };
}

describe("the checker", () => {
  test.each([1, 3, 10])("visits (n + 1)² states of two threads with %i steps each", (stepCount) => {
    const steps = (at: number) => (words: Int32Array) => {
      for (let step = 0; step < stepCount; step++) atomics.store(words, at, 1);
    };
    const { stateCount, endCount, violation } = explore(caseOf([steps(0), steps(1)], () => null));
    expect([stateCount, endCount, violation]).toEqual([(stepCount + 1) ** 2, 1, null]);
  });

  /** Each adds one in two steps: the update of one may be lost. */
  const increment = (words: Int32Array): void => atomics.store(words, 0, atomics.load(words, 0) + 1);
  const lostUpdate = (threadCount: number): Case =>
    caseOf(
      Array.from({ length: threadCount }, () => increment),
      (words) => (words[0] === threadCount ? null : `reads ${words[0]}`),
    );

  test("sees a lost update with one preemption, not with none, and tells its schedule", () => {
    const within = (preemptions: number) =>
      explore({ ...lostUpdate(2), bounds: { ...everySchedule, preemptions } });
    expect(within(0).violation).toBe(null);
    expect(within(1).violation).toEqual({
      what: "reads 1",
      lines: [
        "t0  the case  load a: 0",
        "t1  the case  load a: 0",
        "t1  the case  store a: 1",
        "t0  the case  store a: 1",
      ],
      turns: "t0 1, t1 2, t0 1",
    });
  });

  test("does not see within two preemptions what needs three", () => {
    // Each thread goes on only after a step of the other, which in turn has more to do.
    const pair = caseOf(
      [
        (words, take) => {
          if (atomics.cas(words, 0, 0, 1) && atomics.cas(words, 0, 2, 3) && atomics.cas(words, 0, 4, 5))
            take(1);
        },
        (words) => {
          atomics.cas(words, 0, 1, 2);
          atomics.cas(words, 0, 3, 4);
          atomics.store(words, 1, 1);
        },
      ],
      (_, { taken }) => (taken[0]?.length === 1 ? "all in turn" : null),
    );
    const within = (preemptions: number) => explore({ ...pair, bounds: { ...everySchedule, preemptions } });
    expect([0, 1, 2].map((preemptions) => within(preemptions).violation)).toEqual([null, null, null]);
    expect(within(3).violation?.what).toBe("all in turn");
    expect(explore(pair).violation?.what).toBe("all in turn");
  });

  /** One waits for a word without looking whether it was changed; one changes another word and notifies. */
  const lostWake = caseOf(
    [
      (words) => atomics.wait(words, 0, 0, Number.POSITIVE_INFINITY),
      (words) => {
        atomics.store(words, 1, 1);
        atomics.notify(words, 0);
      },
    ],
    (_, { blocked }) => (blocked.length > 0 ? `${blocked.join(", ")} sleeps` : null),
  );

  test("sees a wake-up that comes before the wait, and a wait that ends by itself", () => {
    expect(explore(lostWake).violation?.what).toBe("t0 sleeps");
    const ends: string[] = [];
    const told: Case = {
      ...lostWake,
      bounds: { ...everySchedule, earlyReturns: 1 },
      judge: ({ blocked }) => {
        ends.push(blocked.join());
        return null;
      },
    };
    expect(explore(told).violation).toBe(null);
    expect(new Set(ends)).toEqual(new Set(["t0", ""]));
  });

  test("lets either of two waiting threads go at a notify", () => {
    const waits = (words: Int32Array): void => atomics.wait(words, 0, 0, Number.POSITIVE_INFINITY);
    const asleep = new Set<string>();
    const explored = caseOf([waits, waits, (words) => atomics.notify(words, 0)], (_, { blocked }) => {
      asleep.add(blocked.join());
      return null;
    });
    expect(explore(explored).violation).toBe(null);
    expect(asleep).toEqual(new Set(["t0", "t1", "t0,t1"]));
  });

  test("takes a thread that goes round and round for a violation", () => {
    const spins = (words: Int32Array): void => {
      while (atomics.load(words, 0) === 0);
    };
    expect(explore(caseOf([spins], () => null)).violation?.what).toMatch(/^goes on and on/);
  });

  test("refuses a thread that remembers what its history does not say", () => {
    let runCount = 0;
    const remembers = (words: Int32Array): void => {
      atomics.load(words, runCount++ % 2);
      atomics.load(words, 0);
    };
    expect(() => explore(caseOf([remembers], () => null))).toThrow("t0 does not do the same again");
  });

  test("refuses words that have no name", () => {
    const strays = (words: Int32Array): void => atomics.store(words, 7, 1);
    expect(() => explore(caseOf([strays], () => null))).toThrow("word 7 of a block, which has no name");
  });
});

test("a table of states is a map from their content to the highest number", () => {
  const steps = fc.array(fc.tuple(fc.nat(3), fc.nat(40), fc.nat(3)), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 2000 }), (entries, othersCount) => {
      const table = new StateTable(2);
      const model = new Map<string, number>();
      // Enough others make it grow.
      for (let other = 0; other < othersCount * 4; other++) table.raise(Int32Array.of(-1, other), 0);
      for (const [first, second, number] of entries) {
        const key = `${first} ${second}`;
        const isNews = (model.get(key) ?? -1) < number;
        expect(table.raise(Int32Array.of(first, second), number)).toBe(isNews);
        if (isNews) model.set(key, number);
      }
      expect(table.count).toBe(model.size + othersCount * 4);
    }),
    { numRuns: 50 },
  );
});
