import { describe, expect, test } from "vitest";
import { workloads } from "../../workloads/catalog.ts";
import { hashOf } from "../../workloads/trace/trace.ts";
import { fakeRuntimes, twoCores } from "./fixtures/fake-runtimes.ts";
import { flatLayer } from "./layer.ts";
import { type PlanDraft, parsePlan } from "./plan.ts";
import { buildTraces, rebuildTrace, schedule, traceCountOf } from "./schedule.ts";
import { formatProblem } from "./usage-error.ts";

function parse(values: Readonly<Record<string, unknown>>): ReturnType<typeof parsePlan> {
  return parsePlan({
    layers: [flatLayer(values, { workloads: "-w", runtimes: "-r", threads: "-t", rounds: "-n" })],
    cores: twoCores,
    workloads,
    runtimes: fakeRuntimes,
  });
}

function draftOf(values: Readonly<Record<string, unknown>>): PlanDraft {
  const parsed = parse(values);
  expect(parsed).toHaveProperty("draft");
  return (parsed as { draft: PlanDraft }).draft;
}

function problemsOf(values: Readonly<Record<string, unknown>>): string[] {
  const parsed = parse(values);
  return "problems" in parsed ? parsed.problems.map(formatProblem) : [];
}

const rowsOf = (draft: PlanDraft): string[] =>
  draft.treatments.map(
    ({ workload, runtimeLabel, threads, workerCount }) =>
      `${workload} ${runtimeLabel} ${threads} ${workerCount}`,
  );

test("without settings every workload meets every runtime that is here", () => {
  const draft = draftOf({});
  expect(draft).toMatchObject({ seed: 1, roundCount: 5, durationNs: 1e9, canaryPeriodNs: 1e6, coreCount: 2 });
  expect(draft.treatments).toHaveLength(4 * 3);
  expect(draft.notes).toEqual(["native is skipped: the addon is not built"]);
  expect(draft.unavailable).toEqual([
    { runtime: "native", reason: "the addon is not built", required: false },
  ]);
});

test("disturbed trials count for nothing unless the plan says that they are only marked", () => {
  expect(draftOf({}).onNoise).toBe("refuse");
  expect(draftOf({ onNoise: "refuse" }).onNoise).toBe("refuse");
  expect(draftOf({ onNoise: "warn" }).onNoise).toBe("warn");
  expect(problemsOf({ onNoise: "ignore" })).toEqual([
    'onNoise: onNoise is "ignore". Give refuse, so that disturbed trials count for nothing, or warn, so that they are marked.',
  ]);
});

test("a runtime of one worker runs once whatever the list says", () => {
  const draft = draftOf({
    workloads: ["null"],
    runtimes: ["single-thread,work-stealing"],
    threads: ["1x,2x"],
  });
  expect(rowsOf(draft)).toEqual([
    "null single-thread 1 1",
    "null work-stealing 1x 2",
    "null work-stealing 2x 4",
  ]);
});

test("thread counts that come to the same are measured once, with a note", () => {
  const draft = draftOf({ workloads: ["null"], runtimes: ["work-stealing"], threads: ["1x,2,0", 3] });
  expect(rowsOf(draft)).toEqual(["null work-stealing 1x 2", "null work-stealing 3 3"]);
  expect(draft.notes).toHaveLength(2);
  expect(draft.notes[0]).toBe("threads 1x and 2 both come to 2 on 2 cores: measured once, as 1x");
});

test("a workload and a runtime that are given twice are measured once", () => {
  const draft = draftOf({
    workloads: ["null,null:tasks=1e5", "null:tasks=7"],
    runtimes: ["work-stealing,work-stealing:lifo=on,work-stealing:lifo=off"],
  });
  expect(rowsOf(draft)).toEqual([
    "null work-stealing 1x 2",
    "null work-stealing:lifo=off 1x 2",
    "null work-stealing 1x 2",
    "null work-stealing:lifo=off 1x 2",
  ]);
  expect(draft.notes).toHaveLength(2);
});

test("a duration on a load that ends by its count is noted, its default is not", () => {
  expect(draftOf({ workloads: ["null"], duration: "2s", runtimes: ["ideal"] }).notes).toHaveLength(1);
  expect(draftOf({ workloads: ["null"], runtimes: ["ideal"] }).notes).toEqual([]);
});

test("in YAML the workload null is no value", () => {
  expect(rowsOf(draftOf({ workloads: [null, { name: null, tasks: 5 }], runtimes: ["ideal"] }))).toHaveLength(
    2,
  );
});

test("a required runtime is named as such, also when it is not asked for", () => {
  const draft = draftOf({ runtimes: ["ideal"], require: ["native"] });
  expect(draft.unavailable).toMatchObject([{ runtime: "native", required: true }]);
});

test("the first layer that has a setting decides", () => {
  const parsed = parsePlan({
    layers: [flatLayer({ seed: "7" }, {}), flatLayer({ seed: "8", rounds: "2" }, {})],
    cores: twoCores,
    workloads,
    runtimes: fakeRuntimes,
  });
  expect(parsed).toMatchObject({ draft: { seed: 7, roundCount: 2 } });
});

test("everything that is wrong is said at once", () => {
  const problems = problemsOf({
    workloads: ["nul", "block-k:blokers=2,blockMs=-5"],
    runtimes: ["natve,work-stealing:lifo=maybe", 7],
    threads: ["1x", -1],
    rounds: 0,
    duration: "5",
    seed: Number.NaN,
    rouns: 3,
  });
  expect(problems).toEqual([
    'rouns: no setting is called "rouns". Did you mean "rounds"?',
    "seed: seed is NaN. Give a whole number from 0 to 4503599627370496.",
    "-n: rounds is 0. Give a whole number from 1 to 1000.",
    'duration: duration is "5". Give a number with us, ms, s or m, from 1ms to 20m, like "2s".',
    '-t: threads is -1. Give 0 (all cores), a whole number up to 1024, or a multiple of the cores like "2x".',
    '-r: no runtime is called "natve". Did you mean "native"?',
    '-r: work-stealing: lifo is "maybe". Give on or off.',
    "-r: runtimes is 7. Give the name of a runtime.",
    '-w: no workload is called "nul". Did you mean "null"?',
    '-w: block-k: no parameter is called "blokers". Did you mean "blockers"?',
    '-w: block-k: blockMs is "-5". Give a number from 0.1 to 60000 (ms).',
  ]);
});

test.each([
  [{ workloads: [] }, "an empty list"],
  [{ workloads: {} }, "a mapping"],
  [{ workloads: [{ tasks: 5 }] }, "has no name"],
  [{ workloads: [["null"]] }, "a list"],
  [{ runtimes: null }, "is null"],
  [{ threads: [] }, "an empty list"],
  [{ workloads: ["null:tasks=1.5"] }, "whole number"],
  [{ workloads: ["null:tasks=NaN"] }, "whole number"],
  [{ workloads: ["null:tasks=Infinity"] }, "whole number"],
  [{ workloads: ["null:tasks=-1"] }, "whole number"],
  [{ workloads: ["null:tasks=0"] }, "whole number"],
  [{ workloads: ["null:tasks=1e300"] }, "whole number"],
  [{ workloads: ["null:__proto__=1"] }, '"__proto__"'],
  [{ workloads: [JSON.parse('{"name":"null","__proto__":1}')] }, '"__proto__"'],
  [{ workloads: ["null:constructor=1"] }, '"constructor"'],
  [{ workloads: ["ideal"] }, 'no workload is called "ideal"'],
  [{ runtimes: ["ideal:lifo=on"] }, "It takes none"],
  [{ rounds: "5.5" }, "whole number"],
  [{ rounds: [5] }, "a list"],
  [{ rounds: 1e9 }, "to 1000"],
  [{ seed: "-0" }, "whole number"],
  [{ seed: 2 ** 60 }, "whole number"],
  [{ duration: "100ms", workloads: ["block-k"] }, "need 1000 ms and the duration is 100 ms"],
  [{ duration: "20m", workloads: ["tcp-echo:ratePerSecond=1e6"] }, "at most 10000000"],
  [{ workloads: ["cpu-mix:units=4e9"] }, "at most 20m"],
  [{ workloads: ["tcp-echo:connections=2"], threads: ["2x"] }, "connections=4 or fewer threads"],
  [{ workloads: ["tcp-echo:connections=1"], threads: [2] }, "tcp-echo has 1 connection and 2 threads are 2"],
  [{ canaryPeriod: "1us" }, "from 100us"],
  [{ control: "yes" }, 'control is "yes". Give true or false.'],
  [{ control: 1 }, "Give true or false"],
  [{ require: ["nativ"] }, 'Did you mean "native"?'],
  [{ constructor: 1 }, 'no setting is called "constructor"'],
])("%j is refused", (values, part) => {
  expect(problemsOf(values).join("\n")).toContain(part);
});

test("connections matter only where workers own them", () => {
  const values = { workloads: ["tcp-echo:connections=2"], threads: ["2x"] };
  expect(problemsOf({ ...values, runtimes: ["single-thread,ideal"] })).toEqual([]);
});

describe("controls", () => {
  const settings = { runtimes: ["ideal,work-stealing"], threads: ["1,2"], rounds: 2, seed: 5 };

  test("are beside every treatment whose blocks last 20 ms or more, and equal it in all but the blocks", () => {
    const plain = draftOf({ ...settings, workloads: ["block-k:blockMs=20"], control: false });
    const draft = draftOf({ ...settings, workloads: ["block-k:blockMs=20"], control: true });
    expect(draft.notes).toEqual([]);
    expect(draft.treatments).toEqual(
      plain.treatments.flatMap((treatment) => [
        treatment,
        { ...treatment, id: `${treatment.id}-control`, controlOf: treatment.id },
      ]),
    );
  });

  test.each([
    [["null,cpu-mix,tcp-echo"], ["no control of null, cpu-mix, tcp-echo: nothing blocks in it"]],
    [
      ["block-k:blockMs=10", "block-k:blockMs=19.9"],
      [
        "no control of block-k: its blocks last 10ms, and below 20ms the rounding of timers would decide",
        "no control of block-k: its blocks last 19.9ms, and below 20ms the rounding of timers would decide",
      ],
    ],
  ])("of %j are refused, each reason once", (names, notes) => {
    const draft = draftOf({ ...settings, workloads: names, control: true });
    expect(draft.notes).toEqual(notes);
    expect(draft.treatments.some(({ controlOf }) => controlOf !== undefined)).toBe(false);
    for (const { noControlBecause } of draft.treatments) {
      expect(notes.some((note) => note.endsWith(`: ${noControlBecause}`))).toBe(true);
    }
  });

  test("have a trace of their own a round, from the same seed, which can be built again", () => {
    const draft = draftOf({ ...settings, workloads: ["null:tasks=9", "block-k"], control: true });
    const built = [...buildTraces(draft)];
    expect(built).toHaveLength(traceCountOf(draft));
    expect(
      built.map(({ planned }) => [planned.workload, planned.isControl, planned.round, planned.seed]),
    ).toEqual([
      ...[0, 1].map((round) => ["null", false, round, 5 + round]),
      ...[0, 1].flatMap((round) =>
        [false, true].map((isControl) => ["block-k", isControl, round, 5 + round]),
      ),
    ]);
    const traces = built.map(({ planned }) => planned);
    const plan = schedule(draft, traces, 2.5);
    for (const { trace, planned } of built) {
      const rebuilt = rebuildTrace(plan, planned, workloads);
      expect("trace" in rebuilt && hashOf(rebuilt.trace)).toBe(hashOf(trace));
    }
    for (const { treatmentId, round, traceHash } of plan.trials) {
      const treatment = draft.treatments.find(({ id }) => id === treatmentId);
      const of = traces.find((trace) => trace.traceHash === traceHash);
      expect(of).toMatchObject({
        workload: treatment?.workload,
        isControl: treatment?.controlOf !== undefined,
        round,
      });
    }
    // A round has four treatments of null, four of block-k and their four controls.
    expect(plan.trials).toHaveLength(2 * 12);
    expect(new Set(plan.trials.map(({ id }) => id)).size).toBe(2 * 12);
  });
});
