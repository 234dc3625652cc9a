import fc from "fast-check";
import { expect, test } from "vitest";
import { recordsHeaderRow, TICK_NS, taskStates, tickRow } from "../../runtimes/record.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import { dueAt, MS, openLoad } from "../fixtures/compositions.ts";
import { type Scene, sceneOf, sealAt } from "../fixtures/scene.ts";
import { FINISH, STATE, SUBMITTED, TASK_BYTES, TASK_DOUBLES } from "../rows.ts";
import { littleBroken, littlesLaw } from "./little.ts";

interface Task {
  readonly submittedNs: number;
  /** null: it was not done at the end. */
  readonly finishNs: number | null;
}

interface Look {
  readonly atNs: number;
  /** How much earlier or later than this reading the counters are read. */
  readonly jitterNs: number;
}

/** A trial of these tasks, at which the witness looked so. */
function trialOf(tasks: readonly Task[], looks: readonly Look[]): Scene {
  const endNs = looks.at(-1)?.atNs ?? MS;
  const scene = sceneOf(openLoad([dueAt(new Array<number>(tasks.length).fill(0), [])], endNs));
  const { records } = scene;
  tasks.forEach(({ submittedNs, finishNs }, task) => {
    records.taskF64[task * TASK_DOUBLES + SUBMITTED] = submittedNs;
    records.taskF64[task * TASK_DOUBLES + FINISH] = finishNs ?? 0;
    records.taskU8[task * TASK_BYTES + STATE] = finishNs === null ? taskStates.unserved : taskStates.done;
  });
  looks.forEach(({ atNs, jitterNs }, tick) => {
    const seenNs = atNs + jitterNs;
    const inFlight = tasks.filter(
      ({ submittedNs, finishNs }) => submittedNs <= seenNs && (finishNs === null || finishNs > seenNs),
    ).length;
    records.tickF64[tick * strideIn(tickRow, "f64") + tickRow.index.atNs] = atNs;
    records.tickU32[tick * strideIn(tickRow, "u32") + tickRow.index.inFlight] = inFlight;
  });
  records.headerI32[recordsHeaderRow.index.tickCount] = looks.length;
  sealAt(scene, endNs);
  return scene;
}

/** A tick every millisecond; a look that is late is the one of all ticks it has missed. */
function looksOf(
  tickCount: number,
  latenessNs: (tick: number) => number,
  jitterNs: (tick: number) => number,
): Look[] {
  const looks: Look[] = [];
  let nowNs = 0;
  for (let tick = 1; tick <= tickCount; tick++) {
    nowNs = Math.max(nowNs, tick * TICK_NS + latenessNs(tick));
    looks.push({ atNs: nowNs, jitterNs: jitterNs(tick) });
  }
  return looks;
}

const randomTrial = fc.record({
  tickCount: fc.integer({ min: 10, max: 900 }),
  lateness: fc.array(
    fc.oneof(
      { weight: 100, arbitrary: fc.integer({ min: 0, max: 90e3 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 40e6 }) },
    ),
    { minLength: 7, maxLength: 40 },
  ),
  jitter: fc.array(fc.integer({ min: -15e3, max: 15e3 }), { minLength: 3, maxLength: 20 }),
  /** In chains, as closed loops are; of an open loop each is a chain. */
  chains: fc.array(
    fc.record({
      atShare: fc.double({ min: 0, max: 1, noNaN: true }),
      isInStep: fc.boolean(),
      lengthsNs: fc.array(fc.oneof(fc.integer({ min: 1, max: 1e5 }), fc.integer({ min: 1, max: 40e6 })), {
        minLength: 1,
        maxLength: 12,
      }),
      isCutOff: fc.boolean(),
    }),
    { minLength: 1, maxLength: 40 },
  ),
});

test("no honest trial of a thousand is refused: short ones, late looks, cut-offs, chains, loads in step with the ticks", () => {
  let judged = 0;
  fc.assert(
    fc.property(randomTrial, ({ tickCount, lateness, jitter, chains }) => {
      const pick = (values: readonly number[], tick: number): number => values[tick % values.length] ?? 0;
      const tasks = chains.flatMap(({ atShare, isInStep, lengthsNs, isCutOff }) => {
        let atNs = atShare * tickCount * TICK_NS;
        if (isInStep) atNs = Math.ceil(atNs / TICK_NS) * TICK_NS;
        return lengthsNs.map((lengthNs, index): Task => {
          const submittedNs = Math.max(1, atNs);
          atNs += lengthNs;
          const isLast = index === lengthsNs.length - 1;
          return { submittedNs, finishNs: isCutOff && isLast ? null : Math.max(1, atNs) };
        });
      });
      const looks = looksOf(
        tickCount,
        (tick) => pick(lateness, tick),
        (tick) => pick(jitter, tick),
      );
      const { trace, records } = trialOf(tasks, looks);
      const law = littlesLaw(trace, records);
      expect(littleBroken(law)).toBeNull();
      if (law.balance !== null) judged++;
    }),
    { numRuns: 1000 },
  );
  expect(judged).toBeGreaterThan(500);
});

/** Four clients, whose requests take 5 ms each, for 500 ms; the witness looks on time. */
const steady = Array.from(
  { length: 400 },
  (_, task): Task => ({
    submittedNs: 1 + (task >> 2) * 5 * MS,
    finishNs: 1 + ((task >> 2) + 1) * 5 * MS,
  }),
);
const onTime = looksOf(
  500,
  () => 85e3,
  () => 0,
);

/** The trial that was, with the records that the runtime shows instead. */
function shown(change: (task: Task & { readonly finishNs: number }) => Partial<Task>): Scene {
  const scene = trialOf(steady, onTime);
  steady.forEach((task, index) => {
    const told = { ...task, ...change({ ...task, finishNs: task.finishNs ?? 0 }) };
    scene.records.taskF64[index * TASK_DOUBLES + SUBMITTED] = told.submittedNs;
    scene.records.taskF64[index * TASK_DOUBLES + FINISH] = told.finishNs ?? 0;
  });
  return scene;
}

test.each<[string, (task: Task & { readonly finishNs: number }) => Partial<Task>, RegExp]>([
  [
    "ends 20 % earlier than it counts",
    ({ finishNs }) => ({ finishNs: finishNs - MS }),
    /^Little's law: by the records 3\.20 tasks were in flight on average, and the witness saw 0\.\d+ more than they have where it looked \(n = 500\); 0\.\d+ are allowed$/,
  ],
  [
    "is submitted later than it counts",
    ({ submittedNs }) => ({ submittedNs: submittedNs + 2 * MS }),
    / more than/,
  ],
  ["ends later than it counts", ({ finishNs }) => ({ finishNs: finishNs + 2 * MS }), / fewer than/],
])("a runtime whose every task %s is refused", (_, change, reason) => {
  const { trace, records } = shown(change);
  expect(littleBroken(littlesLaw(trace, records))).toMatch(reason);
});

test("a lie below what clocks differ is none that anyone could see", () => {
  const { trace, records } = shown(({ finishNs }) => ({ finishNs: finishNs - 15e3 }));
  expect(littlesLaw(trace, records).balance).toMatchObject({ contradictingCount: 0, excessCount: 0 });
});

test("the figures of a trial in closed form", () => {
  const { trace, records } = trialOf(steady, onTime);
  const { lookCount, balance } = littlesLaw(trace, records);
  expect(lookCount).toBe(500);
  expect(balance).toMatchObject({ contradictingCount: 0, excessCount: 0 });
  expect(balance?.seenCount).toBeCloseTo((499 * 4) / 500, 9);
  expect(balance?.recordedCount).toBeCloseTo((4 * 500 * MS) / (500 * MS + 85e3), 9);
  expect(balance?.toleranceCount).toBeCloseTo(0.05 * (balance?.recordedCount ?? 0), 9);
});

test("fewer than a hundred looks are too short to judge; ticks that came late together are one look", () => {
  const judged = (looks: readonly Look[]): boolean => {
    const { trace, records } = trialOf(steady, looks);
    return littlesLaw(trace, records).balance !== null;
  };
  expect(judged(onTime.slice(0, 99))).toBe(false);
  expect(judged(onTime.slice(0, 100))).toBe(true);
  expect(
    judged(onTime.slice(0, 100).map((look, tick) => ({ ...look, atNs: tick < 2 ? 2 * MS : look.atNs }))),
  ).toBe(false);
});

test("a model's trial has no witness, and nothing to judge", () => {
  const { trace, records } = trialOf(steady, []);
  const law = littlesLaw(trace, records);
  expect([law, littleBroken(law)]).toEqual([{ lookCount: 0, balance: null }, null]);
});
