import { describe, expect, test } from "vitest";
import type { MachineSamples, TrialFacts } from "../../harness/trial/trial.ts";
import { dueAt, MS, openLoad } from "../fixtures/compositions.ts";
import { facts, liveResources, sceneOf, sealAt, tickLate } from "../fixtures/scene.ts";
import { foreignSpansOf } from "../metrics/foreign.ts";
import { measureSensors, type SensorFigures, type Tail } from "../metrics/sensors.ts";
import { clockErrorNs, foreignCoresBound, releaserCoreBound } from "./bounds.ts";
import type { Balance } from "./little.ts";
import {
  noiseOf,
  ofLaw,
  type Reading,
  readingsOf,
  type Sensed,
  saturationOf,
  type Verdict,
} from "./validity.ts";

const NO_TAIL: Tail = { count: 0, p99: null, max: null };
const tail = (p99: number, count = 1000): Tail => ({ count, p99, max: p99 });

const quiet: SensorFigures = {
  foreignCoreShare: 0,
  stolenCoreShare: 0,
  throttledNs: 0,
  longestGapNs: 0,
  runDelayRuntimeNs: 0,
  runDelayHarnessNs: 0,
  releaserCoreShare: 0,
  witnessLatenessNs: tail(0),
  releaseLagNs: tail(0),
  blockOvershootNs: tail(0),
};

/** Of a second, on two CPUs. */
const machine: MachineSamples = {
  cpuCount: 2,
  atNs: [0, 1e9],
  foreignNs: [0, 0],
  stealNs: [0, 0],
  throttledNs: [0, 0],
};
const peer = { connectionCount: 1, requestCount: 1, bytesIn: 1, bytesOut: 1, cpuNs: 0, coreShare: 0 };
const open = openLoad([dueAt([MS], [])], 1000 * MS);

/** Ten tasks in flight, and a look in a hundred that saw one more. */
const lawful: Balance = {
  seenCount: 10,
  recordedCount: 10,
  contradictingCount: 10,
  excessCount: 0.01,
  toleranceCount: 0.5,
};

interface Changes {
  readonly figures?: Partial<SensorFigures>;
  readonly balance?: Partial<Balance>;
  readonly facts?: Partial<TrialFacts>;
  readonly workerCount?: number;
  readonly coreCount?: number;
  readonly tickCount?: number;
  readonly load?: typeof open;
}

/** A quiet second of one worker on four cores, one of them for nobody, and what is different about it. */
function trialWith(changes: Changes): Sensed {
  const scene = sceneOf(changes.load ?? open);
  tickLate(scene, changes.tickCount ?? 1000, 0);
  sealAt(scene, 1000 * MS);
  return {
    trace: scene.trace,
    records: scene.records,
    facts: { ...facts, resources: liveResources, sensors: { machine, gaps: null }, ...changes.facts },
    figures: { ...quiet, ...changes.figures },
    law: { lookCount: 1000, balance: { ...lawful, ...changes.balance } },
    coreCount: changes.coreCount ?? 4,
    workerCount: changes.workerCount ?? 1,
  };
}

const reasonsOf = (changes: Changes): string[] => noiseOf(readingsOf(trialWith(changes)) ?? []);

function verdictOf(sensor: Reading["sensor"], changes: Changes): Verdict | undefined {
  return readingsOf(trialWith(changes))?.find((reading) => reading.sensor === sensor)?.verdict;
}

test("a quiet trial is believed", () => {
  expect(reasonsOf({})).toEqual([]);
  expect(readingsOf(trialWith({}))?.every(({ verdict }) => verdict === "within")).toBe(true);
});

test("each sensor says how much it read: sums are few readings, and judged all the same", () => {
  const counts = Object.fromEntries(
    (readingsOf(trialWith({ facts: { peer }, workerCount: 4 })) ?? []).map((reading) => [
      reading.sensor,
      reading.sampleCount,
    ]),
  );
  expect(counts).toMatchObject({
    ...{ foreignCpu: machine.atNs.length, steal: machine.atNs.length, throttling: machine.atNs.length },
    ...{ gap: 1000, releaser: 2, peer: 2 },
  });
});

/** The bound for a second on two CPUs: 0.3, and three standard errors of the clock. */
const FOREIGN = 0.3 + clockErrorNs(2) / 1e9;
const STOLEN = 0.1 + clockErrorNs(2) / 1e9;

/** Each bound by a little, on both sides. */
test.each<[string, number, (figure: number) => Changes, RegExp]>([
  [
    "foreign CPU",
    FOREIGN,
    (figure) => ({ figures: { foreignCoreShare: figure } }),
    /^foreign CPU took 0\.3\d of a core in the trial's worst second \(bound 0\.32\)$/,
  ],
  ["steal", STOLEN, (figure) => ({ figures: { stolenCoreShare: figure } }), /^the hypervisor kept 0\.12/],
  [
    "a gap",
    20 * MS,
    (figure) => ({ figures: { longestGapNs: figure } }),
    /^the trial stood still for 2\d\.\d ms.*\(bound 20\.0 ms\)$/,
  ],
  [
    "the witness's lateness",
    MS,
    (figure) => ({ figures: { witnessLatenessNs: tail(figure) } }),
    /^the witness was late by 1\.\d ms at p99 although a core was idle \(bound 1\.0 ms\)$/,
  ],
  [
    "overshoot of blocks",
    2.5 * MS,
    (figure) => ({ figures: { blockOvershootNs: tail(figure) } }),
    /^blocks lasted 2\.\d ms too long/,
  ],
  [
    "release lag",
    MS,
    (figure) => ({ figures: { releaseLagNs: tail(figure) } }),
    /^generator-limited: tasks were released 1\.\d ms late .* so the figures are the generator's$/,
  ],
  [
    "the releaser, where workers need every core",
    0.1,
    (figure) => ({ workerCount: 2, coreCount: 2, figures: { releaserCoreShare: figure } }),
    /^generator-limited: the releaser took 0\.1\d of a core from the workers \(bound 0\.10\)/,
  ],
  [
    "the peer",
    0.7,
    (figure) => ({ facts: { peer: { ...peer, coreShare: figure } } }),
    /^peer-limited: the echo peer took 0\.7\d of a core \(bound 0\.70\), so the figures are the peer's$/,
  ],
])("%s beyond its bound is the reason, and up to it is none", (_, bound, changed, reason) => {
  expect(reasonsOf(changed(bound))).toEqual([]);
  expect(reasonsOf(changed(bound * 0.98))).toEqual([]);
  expect(reasonsOf(changed(bound * 1.02))).toEqual([expect.stringMatching(reason)]);
});

test("any throttling is a reason, and a group without a quota is none", () => {
  expect(reasonsOf({ figures: { throttledNs: 12 * MS } })).toEqual([
    "a CPU quota stopped the trial's control group for 12.0 ms (bound 0)",
  ]);
  expect(reasonsOf({ figures: { throttledNs: null } })).toEqual([]);
});

test("a figure that is no number is never within a bound", () => {
  expect(verdictOf("gap", { figures: { longestGapNs: Number.NaN } })).toBe("beyond");
});

describe("lateness that the trial's own threads may have caused", () => {
  const late: Partial<SensorFigures> = {
    witnessLatenessNs: tail(48 * MS),
    blockOvershootNs: tail(30 * MS),
    releaseLagNs: tail(48 * MS),
  };

  test.each([1, 2, 4, 8])("never makes a trial of %i workers on 2 cores invalid", (workerCount) => {
    const crowded = { workerCount, coreCount: 2, figures: late };
    expect(reasonsOf(crowded)).toEqual([]);
    for (const sensor of ["witnessLateness", "blockOvershoot", "releaseLag"] as const) {
      expect(verdictOf(sensor, crowded)).toBe("cost of oversubscription");
    }
  });

  test("a peer counts as one more that wants a core", () => {
    expect(reasonsOf({ figures: late })).toHaveLength(3);
    expect(reasonsOf({ figures: late, facts: { peer } })).toEqual([]);
  });

  test("what others and the machine did is held against it all the same", () => {
    const figures = { foreignCoreShare: 1, stolenCoreShare: 1, throttledNs: 1, longestGapNs: 100 * MS };
    expect(reasonsOf({ workerCount: 8, figures })).toHaveLength(4);
  });
});

describe("the bound of foreign CPU", () => {
  const shared = { lengthNs: Number.POSITIVE_INFINITY, cpuCount: 2, coreCount: 2 };

  test("is below what a busy neighbour gets from a fair scheduler, however many workers there are", () => {
    expect(foreignCoresBound({ ...shared, workerCount: 1 })).toBe(0.3);
    expect(foreignCoresBound({ ...shared, workerCount: 2 })).toBe(0.3);
    expect(foreignCoresBound({ ...shared, workerCount: 4 })).toBeCloseTo(0.2, 9);
    expect(foreignCoresBound({ ...shared, workerCount: 8 })).toBeCloseTo(1 / 9, 9);
  });

  test("is wider by what the clock may be off, the more the shorter the stretch", () => {
    expect(foreignCoresBound({ ...shared, workerCount: 1, lengthNs: 0.1e9 }) - 0.3).toBeCloseTo(
      10 * (foreignCoresBound({ ...shared, workerCount: 1, lengthNs: 1e9 }) - 0.3),
      9,
    );
  });
});

describe("the releaser", () => {
  test("may spin where a core is free for it", () => {
    expect(reasonsOf({ figures: { releaserCoreShare: 0.9 } })).toEqual([]);
  });

  test("may take no more of many cores than a thread can give", () => {
    expect(releaserCoreBound(2)).toBe(0.1);
    expect(releaserCoreBound(64)).toBe(0.7);
  });

  test("keeps no schedule where everything is due at once", () => {
    const load = openLoad([dueAt([0, 0, 0], [])], 0);
    const figures = { releaseLagNs: tail(48 * MS), releaserCoreShare: 0.9 };
    expect(reasonsOf({ load, figures })).toEqual([]);
    expect(reasonsOf({ load, figures, workerCount: 2, coreCount: 2 })).toEqual([]);
  });
});

describe("a sensor with fewer than 100 samples", () => {
  test.each([
    [99, "too short to judge"],
    [100, "beyond"],
  ])("of %i looks of the witness reads %s", (tickCount, verdict) => {
    const figures = { foreignCoreShare: 1, stolenCoreShare: 1, longestGapNs: 100 * MS };
    for (const sensor of ["foreignCpu", "steal", "gap"] as const) {
      expect(verdictOf(sensor, { tickCount, figures })).toBe(verdict);
    }
  });

  test("of 10 blocks says nothing of blocks, and one without any is not there", () => {
    expect(verdictOf("blockOvershoot", { figures: { blockOvershootNs: tail(30 * MS, 99) } })).toBe(
      "too short to judge",
    );
    expect(verdictOf("blockOvershoot", { figures: { blockOvershootNs: NO_TAIL } })).toBeUndefined();
  });
});

test("what nobody watched is said to be so, and is no reason", () => {
  const blind: Changes = {
    facts: { sensors: null },
    figures: { foreignCoreShare: null, stolenCoreShare: null, throttledNs: null, longestGapNs: null },
  };
  expect(reasonsOf(blind)).toEqual([]);
  expect(verdictOf("foreignCpu", blind)).toBe("not watched");
});

test("virtual time has no readings", () => {
  expect(readingsOf(trialWith({ facts: { resources: null } }))).toBeNull();
});

describe("the label saturated", () => {
  const loadOf = (startedLate: number): string | null => {
    const scene = sceneOf(
      openLoad(
        [
          dueAt(
            Array.from({ length: 100 }, (_, task) => task * MS),
            [],
          ),
        ],
        100 * MS,
      ),
    );
    for (let task = 0; task < 100; task++) {
      const isLate = task >= 100 - startedLate;
      scene.workers[0]?.pollStarts(task, isLate ? 150 * MS : task * MS, 0);
    }
    return saturationOf(scene.trace, scene.records);
  };

  test("is given where more than 5 % had not been started when the window closed", () => {
    expect(loadOf(5)).toBeNull();
    expect(loadOf(6)).toMatch(/^saturated: 6 of 100 tasks \(6 %\)/);
  });

  test("is never given to a counted load: it has no window", () => {
    const scene = sceneOf(openLoad([dueAt([0, 0], [])], 0));
    expect(saturationOf(scene.trace, scene.records)).toBeNull();
  });
});

describe("the worst second", () => {
  const measured = (foreignNs: readonly number[], everyNs: number): number | null => {
    const scene = sceneOf(open);
    sealAt(scene, 1000 * MS);
    const atNs = foreignNs.map((_, sample) => sample * everyNs);
    const samples = { ...machine, atNs, foreignNs, stealNs: foreignNs.map(() => 0) };
    const canaries = {
      dueNs: new Float64Array(),
      submittedNs: new Float64Array(),
      runNs: new Float64Array(),
      isCensored: new Uint8Array(),
      worker: new Uint16Array(),
    };
    const sensed = { ...facts, sensors: { machine: samples, gaps: null } };
    return measureSensors({ trace: scene.trace, records: scene.records, facts: sensed, canaries })
      .foreignCoreShare;
  };

  test("is found in a long trial, which on the whole was quiet", () => {
    // Twenty seconds, of which one has a neighbour on a core.
    const sums = Array.from({ length: 201 }, (_, tenth) => Math.min(Math.max(0, tenth - 100), 10) * 100 * MS);
    expect(measured(sums, 100 * MS)).toBeCloseTo(1, 9);
  });

  test("is all of a trial that is shorter", () => {
    expect(measured([0, 0, 60 * MS], 100 * MS)).toBeCloseTo(0.3, 9);
  });

  test("is nothing below zero, which a reading may be by its error", () => {
    expect(measured([0, -5 * MS], 100 * MS)).toBe(0);
  });
});

describe("the stretches in which others were on the cores", () => {
  const cores = { coreCount: 2, workerCount: 1 };
  const sampled = (foreignNs: readonly number[], stealNs: readonly number[]): MachineSamples => ({
    ...machine,
    ...{ atNs: foreignNs.map((_, sample) => (sample - 1) * 100 * MS), foreignNs, stealNs },
  });

  test("are those between two samples in which they took more than the bound, steal and foreign CPU together", () => {
    const sensors = {
      machine: sampled([0, 0, 90 * MS, 90 * MS, 120 * MS], [0, 0, 0, 0, 30 * MS]),
      gaps: null,
    };
    expect(foreignSpansOf(sensors, cores)).toEqual({
      startsNs: Float64Array.of(0, 200 * MS),
      endsNs: Float64Array.of(100 * MS, 300 * MS),
    });
  });

  test("are gaps, too", () => {
    const gaps = { longestNs: 50 * MS, rows: [{ endNs: 150 * MS, lengthNs: 50 * MS }] };
    expect(foreignSpansOf({ machine: sampled([0, 0, 0], [0, 0, 0]), gaps }, cores)).toEqual({
      startsNs: Float64Array.of(100 * MS),
      endsNs: Float64Array.of(150 * MS),
    });
  });

  test("are unknown where nobody watched", () => {
    expect(foreignSpansOf(null, cores)).toBeNull();
    expect(foreignSpansOf({ machine: null, gaps: null }, cores)).toBeNull();
  });
});

test("Little's law is a sensor of the records: what breaks it is no noise, and few looks say nothing", () => {
  const readingWith = (law: Sensed["law"]): Reading => ofLaw({ law });
  const lawOf = (changes: Partial<Balance>): Sensed["law"] => ({
    lookCount: 1000,
    balance: { ...lawful, ...changes },
  });
  expect(readingWith(lawOf({}))).toEqual({
    ...{ sensor: "littlesLaw", figure: 0.001, bound: 0.05, sampleCount: 1000, verdict: "within" },
  });
  expect(readingWith(lawOf({ excessCount: -0.6 }))).toMatchObject({ figure: 0.06, verdict: "beyond" });
  expect(reasonsOf({ balance: { excessCount: -0.6 } })).toEqual([]);
  const nothingRecorded = lawOf({ recordedCount: 0, excessCount: 10, toleranceCount: 0 });
  expect(readingWith(nothingRecorded)).toMatchObject({ figure: 1, bound: 0, verdict: "beyond" });
  const nothingInFlight = lawOf({ recordedCount: 0, seenCount: 0, excessCount: 0, toleranceCount: 0 });
  expect(readingWith(nothingInFlight)).toMatchObject({ figure: 0, bound: 0, verdict: "within" });
  expect(readingWith({ lookCount: 99, balance: null })).toEqual({
    ...{ sensor: "littlesLaw", figure: null, bound: 0.05, sampleCount: 99, verdict: "too short to judge" },
  });
});
