/**
 * A second analysis, written naively from the definitions: objects, full sorts, one question at a time.
 * Random records, and every metric of the catalogue must agree.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { TrialFacts } from "../../harness/trial/trial.ts";
import { recordsHeaderRow, taskStates, tickRow } from "../../runtimes/record.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import { BLOCK, CPU } from "../../workloads/trace/op.ts";
import {
  canaryDueNs,
  NONE,
  TASK_CLASS,
  TASK_DUE,
  TASK_F64,
  TASK_SESSION,
  TASK_U32,
  timerDueNs,
  timerPeriodNs,
} from "../../workloads/trace/trace.ts";
import type { Composition } from "../../workloads/workload.ts";
import { type NaiveCanary, type NaiveSpan, naiveCause, naiveViolatedShare } from "../fixtures/naive-cause.ts";
import { facts as plainFacts, runTimer, type Scene, sceneOf, sealAt } from "../fixtures/scene.ts";
import { STATE, TASK_BYTES } from "../rows.ts";
import { metrics } from "./catalog.ts";
import { measure } from "./measures.ts";
import type { Spans } from "./spans.ts";

interface NaiveTask {
  readonly class: string;
  readonly startsWithBlock: boolean;
  readonly dueNs: number;
  readonly isSubmitted: boolean;
  readonly isStarted: boolean;
  readonly isDone: boolean;
  readonly submittedNs: number;
  readonly firstPollNs: number;
  readonly finishNs: number;
  readonly resumeWaitNs: number;
  readonly heldNs: number;
  readonly session: number | null;
}

interface NaiveTrial {
  readonly tasks: readonly NaiveTask[];
  readonly canaries: readonly (Omit<NaiveCanary, "runNs" | "isCensored"> & {
    readonly runNs: number | null;
  })[];
  /** Null: never ran. */
  readonly timers: readonly { readonly dueNs: number; readonly runNs: number | null }[];
  /** Of the canaries that ran. */
  readonly locals: readonly {
    readonly dueNs: number;
    readonly spawnedNs: number;
    readonly runNs: number | null;
  }[];
  readonly canaryPeriodNs: number;
  readonly holds: readonly (NaiveSpan & { readonly worker: number; readonly isBlock: boolean })[];
  /** By worker: stretches in which it had nothing to poll, and lengths of pauses; null: not watched. */
  readonly idle: readonly (readonly NaiveSpan[])[];
  readonly pausesNs: readonly (readonly number[] | null)[];
  readonly loopSaid: {
    readonly count: number;
    readonly delayNs: readonly number[];
    readonly busyShare: number;
  } | null;
  readonly workerCount: number;
  readonly windowNs: number;
  readonly endNs: number;
  readonly loops: Readonly<Record<string, "open" | "closed">>;
  readonly deadlineNs: Readonly<Record<string, number>>;
  readonly facts: TrialFacts;
  readonly coreCount: number;
  readonly foreign: readonly NaiveSpan[] | null;
  readonly latenessNs: readonly number[];
}

const MEASURED = "victim";

function naive(trial: NaiveTrial): Record<string, number | null> {
  const isOpen = (task: NaiveTask): boolean => trial.loops[task.class] === "open";
  const arrivalNs = (task: NaiveTask): number => (isOpen(task) ? task.dueNs : task.submittedNs);
  const victims = trial.tasks.filter((task) => task.class === MEASURED);
  const done = victims.filter(({ isDone }) => isDone);
  const allDone = trial.tasks.filter(({ isDone }) => isDone);
  const isCounted = trial.windowNs === 0;
  const lastNs = Math.max(0, ...allDone.map(({ finishNs }) => finishNs));
  const spanNs = isCounted ? (allDone.length === trial.tasks.length ? lastNs : trial.endNs) : trial.windowNs;
  const inWindow = trial.tasks.filter(({ dueNs }) => dueNs >= 0 && dueNs <= trial.windowNs);
  const finishes = allDone.map(({ finishNs }) => finishNs).sort((a, b) => a - b);
  const rank5 = Math.ceil(0.05 * finishes.length);
  const rank95 = Math.ceil(0.95 * finishes.length);
  const rangeNs = (finishes[rank95 - 1] ?? 0) - (finishes[rank5 - 1] ?? 0);
  const { resources, peer } = trial.facts;
  return {
    throughputPerSecond:
      isCounted && finishes.length >= 20 && rangeNs > 0 ? ((rank95 - rank5) / rangeNs) * 1e9 : null,
    offeredPerSecond: isCounted ? null : (inWindow.length / trial.windowNs) * 1e9,
    donePerSecond: isCounted
      ? null
      : (inWindow.filter((task) => task.isDone && task.finishNs <= trial.windowNs).length / trial.windowNs) *
        1e9,
    ...naiveSummary(
      "lagNs",
      victims.filter((task) => isOpen(task) && task.isSubmitted).map((task) => task.submittedNs - task.dueNs),
    ),
    ...naiveSummary(
      "waitNs",
      victims.filter(({ isStarted }) => isStarted).map((task) => task.firstPollNs - arrivalNs(task)),
    ),
    ...naiveSummary(
      "resumeWaitNs",
      done.map(({ resumeWaitNs }) => resumeWaitNs),
    ),
    ...naiveSummary(
      "serviceNs",
      done.map((task) => task.finishNs - task.firstPollNs),
    ),
    ...naiveSummary(
      "responseNs",
      done.map((task) => task.finishNs - arrivalNs(task)),
    ),
    ...naiveHeld(trial, spanNs),
    ...naiveCanaries(trial, spanNs),
    ...naiveOthers(trial, spanNs),
    ...naiveLoop(trial),
    ...naiveUnserved(trial, arrivalNs),
    ...naiveEpisodes(trial, spanNs),
    ...naiveCause({ ...trial, canaries: seenCanaries(trial, spanNs) }),
    "conservation.violatedShare": naiveViolatedShare(
      { ...trial, canaries: seenCanaries(trial, spanNs) },
      trial.tasks
        .filter(({ isSubmitted }) => isSubmitted)
        .map(({ submittedNs, isStarted, firstPollNs }) => ({
          fromNs: submittedNs,
          toNs: Math.max(submittedNs, isStarted ? firstPollNs : trial.endNs),
        })),
    ),
    ...naiveSessions(trial, spanNs),
    ...naiveTokio(trial),
    elapsedNs: resources?.elapsedNs ?? null,
    cpuRuntimeNs: resources?.cpuNs?.runtime ?? null,
    cpuHarnessNs: resources?.cpuNs?.harness ?? null,
    cpuEngineNs: resources?.cpuNs?.engine ?? null,
    ...naiveStretches(trial),
    rssBytes: resources?.rssBytes ?? null,
    rssGrownBytes: resources === null ? null : 15 - 4,
    voluntarySwitchCount: resources?.voluntarySwitches ?? null,
    involuntarySwitchCount: resources?.involuntarySwitches ?? null,
    peerCpuNs: peer?.cpuNs ?? null,
    peerCoreShare: peer?.coreShare ?? null,
    ...naiveSensors(trial, spanNs),
  };
}

function naiveSensors(trial: NaiveTrial, spanNs: number): Record<string, number | null> {
  const { resources, sensors } = trial.facts;
  const machine = sensors?.machine ?? null;
  const lagsNs = [
    ...trial.tasks
      .filter((task) => trial.loops[task.class] === "open")
      .map((task) => (task.isSubmitted ? task.submittedNs : trial.endNs) - task.dueNs),
    ...seenCanaries(trial, spanNs).map(({ submittedNs, dueNs }) => submittedNs - dueNs),
  ];
  // All blocks are recorded for the first task, which has one of 1 ns if it is a blocker.
  const blocksNs = trial.tasks[0]?.startsWithBlock
    ? trial.holds.filter(({ isBlock }) => isBlock).map(({ startNs, endNs }) => endNs - startNs - 1)
    : [];
  return {
    foreignCoreShare: machine && naiveWorst(machine.atNs, machine.foreignNs),
    stolenCoreShare: machine && naiveWorst(machine.atNs, machine.stealNs),
    throttledNs: machine?.throttledNs?.at(-1) ?? null,
    longestGapNs: sensors?.gaps?.longestNs ?? null,
    runDelayRuntimeNs: resources?.runDelayNs?.runtime ?? null,
    runDelayHarnessNs: resources?.runDelayNs?.harness ?? null,
    releaserCoreShare: resources === null ? null : (resources.releaserCpuNs ?? 0) / resources.elapsedNs,
    ...naiveTail("witnessLatenessNs", trial.latenessNs),
    ...naiveTail("releaseLagNs", lagsNs),
    ...naiveTail("blockOvershootNs", blocksNs.slice(0, 1)),
  };
}

/** Between every two samples with a second between them and none nearer that has; all of it where there are none. */
function naiveWorst(atNs: readonly number[], sumsNs: readonly number[]): number | null {
  if (atNs.length < 2) return null;
  const stretches = atNs.flatMap((fromNs, from) => {
    const to = atNs.findIndex((toNs) => toNs - fromNs >= 1e9);
    return to < 0 ? [] : [{ from, to }];
  });
  const judged = stretches.length > 0 ? stretches : [{ from: 0, to: atNs.length - 1 }];
  return Math.max(
    0,
    ...judged.map(
      ({ from, to }) =>
        ((sumsNs[to] ?? 0) - (sumsNs[from] ?? 0)) / ((atNs[to] ?? Number.NaN) - (atNs[from] ?? Number.NaN)),
    ),
  );
}

function naiveTail(name: string, values: readonly number[]): Record<string, number | null> {
  const sorted = [...values].sort((a, b) => a - b);
  return {
    [`${name}.count`]: sorted.length,
    [`${name}.p99`]: sorted.length < 100 ? null : (sorted[Math.ceil(0.99 * sorted.length) - 1] ?? null),
    [`${name}.max`]: sorted.at(-1) ?? null,
  };
}

function naiveSummary(name: string, values: readonly number[]): Record<string, number | null> {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (q: number): number | null => {
    const rank = Math.ceil(q * sorted.length);
    return sorted.length - rank >= 10 ? (sorted[rank - 1] ?? null) : null;
  };
  return {
    [`${name}.count`]: sorted.length,
    [`${name}.p50`]: at(0.5),
    [`${name}.p90`]: at(0.9),
    [`${name}.p99`]: at(0.99),
    [`${name}.p999`]: at(0.999),
    [`${name}.max`]: sorted.at(-1) ?? null,
    [`${name}.mean`]:
      sorted.length === 0 ? null : sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
  };
}

/**
 * Instant by instant: times are whole numbers, so half-way between two edges nothing changes.
 * The stretches in which holds keep all workers.
 */
function naiveAllHeld(trial: NaiveTrial, holds: NaiveTrial["holds"]): { from: number; to: number }[] {
  const edges = [...new Set(holds.flatMap(({ startNs, endNs }) => [startNs, endNs]))].sort((a, b) => a - b);
  return edges.slice(1).flatMap((to, index) => {
    const from = edges[index] ?? 0;
    const middle = (from + to) / 2;
    const held = new Set(
      holds.filter(({ startNs, endNs }) => startNs < middle && middle < endNs).map(({ worker }) => worker),
    );
    return held.size === trial.workerCount ? [{ from, to }] : [];
  });
}

function naiveHeld(trial: NaiveTrial, spanNs: number): Record<string, number | null> {
  const stretches = naiveAllHeld(
    trial,
    trial.holds.filter(({ isBlock }) => isBlock),
  );
  const inside = (from: number, to: number): number =>
    Math.max(0, Math.min(to, spanNs) - Math.min(from, spanNs));
  const progress = [
    ...trial.canaries.flatMap(({ runNs }) => (runNs === null ? [] : [runNs])),
    ...trial.tasks
      .filter((task) => task.isStarted && !task.startsWithBlock)
      .map(({ firstPollNs }) => firstPollNs),
  ];
  const gaps = stretches.slice(1).flatMap(({ from: end }, index) => {
    const start = stretches[index]?.to ?? 0;
    const until = Math.min(end, spanNs);
    const isIdle = !progress.some((atNs) => start <= atNs && atNs < until);
    const isWaitedThrough = trial.canaries.some(
      ({ submittedNs, runNs }) => submittedNs <= start && (runNs ?? trial.endNs) >= until,
    );
    return isIdle && isWaitedThrough ? [{ from: start, to: end }] : [];
  });
  const total = (parts: readonly { from: number; to: number }[]): number =>
    parts.reduce((sum, { from, to }) => sum + inside(from, to), 0);
  const held = [...stretches, ...gaps].map(({ from, to }) => ({
    startNs: Math.min(from, spanNs),
    endNs: Math.min(to, spanNs),
  }));
  const shareOf = (parts: readonly { from: number; to: number }[]): number | null =>
    spanNs === 0 ? null : total(parts) / spanNs;
  return {
    allHeldShare: shareOf([...stretches, ...gaps]),
    allHeldShareRaw: shareOf(stretches),
    allBusyShare: shareOf(naiveAllHeld(trial, trial.holds)),
    "mmu.w20ms": naiveUtilization(held, spanNs, 20e6),
    "mmu.w100ms": naiveUtilization(held, spanNs, 100e6),
    "mmu.w1000ms": naiveUtilization(held, spanNs, 1000e6),
  };
}

/** Every window that starts or ends at an edge of a stretch, or at a border of the trial. */
function naiveUtilization(held: readonly NaiveSpan[], spanNs: number, lengthNs: number): number | null {
  if (lengthNs > spanNs) return null;
  const starts = held
    .flatMap(({ startNs, endNs }) => [startNs, endNs, startNs - lengthNs, endNs - lengthNs])
    .filter((startNs) => startNs >= 0 && startNs + lengthNs <= spanNs);
  const shares = [0, spanNs - lengthNs, ...starts].map((from) => {
    const parts = held.map(({ startNs, endNs }) =>
      Math.max(0, Math.min(endNs, from + lengthNs) - Math.max(startNs, from)),
    );
    return 1 - parts.reduce((sum, part) => sum + part, 0) / lengthNs;
  });
  return Math.min(...shares);
}

/** Those due within the window. */
function seenCanaries(trial: NaiveTrial, spanNs: number): NaiveCanary[] {
  return trial.canaries
    .filter(({ dueNs }) => dueNs <= spanNs)
    .map(({ runNs, ...canary }) => ({ ...canary, runNs: runNs ?? trial.endNs, isCensored: runNs === null }));
}

function naiveCanaries(trial: NaiveTrial, spanNs: number): Record<string, number | null> {
  const seen = seenCanaries(trial, spanNs);
  const delays = seen.map(({ dueNs, runNs }) => runNs - dueNs);
  const censored = seen.filter(({ isCensored }) => isCensored).map(({ dueNs, runNs }) => runNs - dueNs);
  const longest = delays.length === 0 ? null : Math.max(...delays);
  return {
    canaryCensoredCount: censored.length,
    canaryCensoredFromNs: censored.length === 0 ? null : Math.min(...censored),
    starvedShare: naiveStarvedShare(seen, spanNs, 10e6),
    lateCanaryShare: seen.length === 0 ? null : delays.filter((delay) => delay > 10e6).length / seen.length,
    longestFreezeNs: longest,
    longestFreezeAtNs:
      longest === null || longest === 0
        ? null
        : (seen.find(({ dueNs, runNs }) => runNs - dueNs === longest)?.dueNs ?? null),
    ...naiveSummary("canaryDelayNs", delays),
    ...naiveSummary(
      "canaryLagNs",
      seen.map(({ dueNs, submittedNs }) => submittedNs - dueNs),
    ),
    ...naiveSummary(
      "canaryWaitNs",
      seen.map(({ submittedNs, runNs }) => runNs - submittedNs),
    ),
  };
}

/** Timer and local canaries. */
function naiveOthers({ timers, locals, endNs }: NaiveTrial, spanNs: number): Record<string, number | null> {
  const seenTimers = timers.filter(({ dueNs }) => dueNs <= spanNs);
  const seenLocals = locals.filter(({ dueNs }) => dueNs <= spanNs);
  return {
    ...naiveSummary(
      "timerLatenessNs",
      seenTimers.map(({ dueNs, runNs }) => (runNs ?? endNs) - dueNs),
    ),
    timerCensoredCount: seenTimers.filter(({ runNs }) => runNs === null).length,
    ...naiveSummary(
      "localCanaryDelayNs",
      seenLocals.map(({ spawnedNs, runNs }) => (runNs ?? endNs) - spawnedNs),
    ),
    localCensoredCount: seenLocals.filter(({ runNs }) => runNs === null).length,
  };
}

/** What the event loop said of itself stands in the records as it was said; few samples say little of a tail. */
function naiveLoop({ loopSaid }: NaiveTrial): Record<string, number | null> {
  const { count, delayNs, busyShare } = loopSaid ?? { count: null, delayNs: [], busyShare: null };
  const [p50, p90, p99, p999, max = null, mean = null] = delayNs;
  const told = (ns: number | undefined, above: number): number | null =>
    ns === undefined || count === null || count - Math.ceil(count * (1 - above)) < 10 ? null : ns;
  return {
    "loopDelayNs.count": count,
    "loopDelayNs.p50": told(p50, 0.5),
    "loopDelayNs.p90": told(p90, 0.1),
    "loopDelayNs.p99": told(p99, 0.01),
    "loopDelayNs.p999": told(p999, 0.001),
    "loopDelayNs.max": max,
    "loopDelayNs.mean": mean,
    loopUtilization: busyShare,
  };
}

/** The measure of the union: between two neighbouring edges, covered or not. */
function naiveStarvedShare(seen: readonly NaiveCanary[], spanNs: number, thresholdNs: number): number | null {
  const late = seen.filter(({ dueNs, runNs }) => runNs - dueNs > thresholdNs);
  const edges = [0, spanNs, ...late.flatMap(({ dueNs, runNs }) => [dueNs, runNs])]
    .filter((atNs) => atNs <= spanNs)
    .sort((a, b) => a - b);
  let covered = 0;
  for (let index = 0; index + 1 < edges.length; index++) {
    const from = edges[index] ?? 0;
    const to = edges[index + 1] ?? 0;
    if (late.some(({ dueNs, runNs }) => dueNs <= from && to <= runNs)) covered += to - from;
  }
  return seen.length === 0 || spanNs === 0 ? null : covered / spanNs;
}

function naiveEpisodes(trial: NaiveTrial, spanNs: number): Record<string, number | null> {
  const seen = seenCanaries(trial, spanNs);
  return Object.fromEntries(
    [1, 10, 20, 100].flatMap((ms) => {
      const starved = seen
        .filter(({ dueNs, runNs }) => runNs - dueNs > ms * 1e6)
        .map(({ dueNs, runNs }) => ({ startNs: dueNs + ms * 1e6, endNs: runNs }));
      const episodes = naiveMerge(starved, trial.canaryPeriodNs);
      const lengths = episodes.map(({ startNs, endNs }) => endNs - startNs);
      return [
        [`episodes.over${ms}ms.count`, episodes.length],
        [`episodes.over${ms}ms.longestNs`, lengths.length === 0 ? null : Math.max(...lengths)],
        [`episodes.over${ms}ms.starvedShare`, naiveStarvedShare(seen, spanNs, ms * 1e6)],
      ];
    }),
  );
}

/** Takes any two that overlap, or lie closer than `gapNs`, together, until there are none. */
function naiveMerge(spans: readonly NaiveSpan[], gapNs: number): NaiveSpan[] {
  const merged: NaiveSpan[] = [];
  for (const span of spans) {
    let own = span;
    for (;;) {
      const near = merged.findIndex(
        ({ startNs, endNs }) =>
          (startNs <= own.endNs && own.startNs <= endNs) ||
          Math.max(startNs - own.endNs, own.startNs - endNs) < gapNs,
      );
      const [other] = near < 0 ? [] : merged.splice(near, 1);
      if (other === undefined) break;
      own = { startNs: Math.min(own.startNs, other.startNs), endNs: Math.max(own.endNs, other.endNs) };
    }
    merged.push(own);
  }
  return merged;
}

function naiveSessions(trial: NaiveTrial, spanNs: number): Record<string, number | null> {
  const own = trial.tasks.filter(({ session, dueNs }) => session !== null && dueNs <= spanNs);
  const served = [...new Set(own.map(({ session }) => session))]
    .map(
      (session) =>
        own.filter((task) => task.session === session && task.isDone && task.finishNs <= spanNs).length,
    )
    .sort((a, b) => a - b);
  const sum = served.reduce((total, x) => total + x, 0);
  const squares = served.reduce((total, x) => total + x * x, 0);
  const count = served.length;
  const median = ((served[Math.floor((count - 1) / 2)] ?? 0) + (served[Math.floor(count / 2)] ?? 0)) / 2;
  return {
    jain: count < 2 || squares === 0 ? null : sum ** 2 / (count * squares),
    worstSessionShare: count < 2 || median === 0 ? null : (served[0] ?? 0) / median,
  };
}

function naiveTokio({ tasks }: NaiveTrial): Record<string, number | null> {
  const started = tasks.filter(({ isStarted }) => isStarted);
  const mean = (values: readonly number[]): number | null =>
    values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    meanFirstPollDelayNs: mean(started.map(({ firstPollNs, submittedNs }) => firstPollNs - submittedNs)),
    meanScheduledDurationNs: mean(started.map(({ resumeWaitNs }) => resumeWaitNs)),
    // Each task that was started is polled twice.
    meanPollDurationNs: mean(started.flatMap(({ heldNs }) => [heldNs, 0])),
  };
}

function naiveStretches({ idle, pausesNs, workerCount, endNs }: NaiveTrial): Record<string, number | null> {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const all = idle.flat().map((rest) => rest.endNs - rest.startNs);
  const pauses = pausesNs.includes(null) ? null : pausesNs.flatMap((own) => own ?? []);
  return {
    idleShare: all.length === 0 ? null : sum(all) / (workerCount * endNs),
    gcNs: pauses === null ? null : sum(pauses),
    gcLongestNs: pauses === null ? null : Math.max(0, ...pauses),
  };
}

function naiveUnserved(
  trial: NaiveTrial,
  arrivalNs: (task: NaiveTask) => number,
): Record<string, number | null> {
  const isServed = (task: NaiveTask): boolean =>
    task.isDone &&
    !(task.finishNs - arrivalNs(task) > (trial.deadlineNs[task.class] ?? Number.POSITIVE_INFINITY));
  const unserved = trial.tasks.filter((task) => !isServed(task)).length;
  return {
    unservedCount: unserved,
    unservedShare: trial.tasks.length === 0 ? null : unserved / trial.tasks.length,
  };
}

const ns = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });
const fate = fc.constantFrom("done", "done", "done", "started", "submitted", "none");

const randomTrial = fc.record({
  isClosed: fc.boolean(),
  windowNs: fc.oneof(
    { weight: 16, arbitrary: fc.integer({ min: 5e6, max: 150e6 }) },
    { weight: 4, arbitrary: fc.integer({ min: 1000e6, max: 1200e6 }) },
  ),
  blockersDueNs: fc.array(ns(30e6), { maxLength: 5 }),
  victims: fc.array(
    fc.record({
      dueNs: ns(30e6),
      lagNs: ns(2e6),
      waitNs: ns(20e6),
      serviceNs: ns(9e6),
      resumeNs: ns(5000),
      fate,
    }),
    { maxLength: 400, size: "max" },
  ),
  stamps: fc.array(
    fc.record({ lagNs: ns(2e6), waitNs: ns(20e6), serviceNs: ns(9e6), resumeNs: ns(5000), fate }),
    {
      minLength: 5,
      maxLength: 5,
    },
  ),
  workers: fc.array(
    fc.array(
      fc.record({
        gapNs: fc.constantFrom(0, 1000, 4e6),
        lengthNs: fc.integer({ min: 1, max: 12e6 }),
        isBlock: fc.constantFrom(true, true, false),
      }),
      {
        maxLength: 8,
      },
    ),
    { minLength: 1, maxLength: 3 },
  ),
  stretches: fc.array(
    fc.record({
      // Some are too short for a row, and some end with the trial.
      idle: fc.array(
        fc.record({
          gapNs: fc.constantFrom(0, 100, 3e6),
          lengthNs: fc.oneof(fc.integer({ min: 1, max: 30_000 }), fc.integer({ min: 1, max: 25e6 })),
        }),
        { maxLength: 20 },
      ),
      pausesNs: fc.option(fc.array(fc.integer({ min: 1, max: 3e6 }), { maxLength: 5 }), { freq: 4 }),
    }),
    { minLength: 3, maxLength: 3 },
  ),
  canaryPeriodNs: fc.constantFrom(0, 1e6, 5e6),
  canaryDelaysNs: fc.array(fc.option(fc.oneof(fc.constant(0), ns(30e6)), { freq: 12 }), {
    minLength: 1,
    maxLength: 45,
  }),
  canaryLagNs: fc.constantFrom(0, 1000, 4e6),
  coreCount: fc.integer({ min: 1, max: 3 }),
  foreign: fc.option(
    fc.array(
      fc.record({ gapNs: fc.integer({ min: 1, max: 20e6 }), lengthNs: fc.integer({ min: 1, max: 9e6 }) }),
      {
        maxLength: 4,
      },
    ),
  ),
  hasResources: fc.boolean(),
  latenessNs: fc.array(ns(30e6), { maxLength: 150, size: "max" }),
  samples: fc.array(
    fc.record({
      lengthNs: fc.integer({ min: 1, max: 400e6 }),
      foreignNs: fc.integer({ min: -20e6, max: 200e6 }),
      stealNs: ns(20e6),
      throttledNs: ns(5e6),
    }),
    { maxLength: 12 },
  ),
  hasThrottling: fc.boolean(),
});

type Random = typeof randomTrial extends fc.Arbitrary<infer Value> ? Value : never;

function compositionOf(random: Random): Composition {
  const victimOps = [{ op: "yield" }] as const;
  return {
    classes: [{ name: "blocker" }, { name: MEASURED, deadlineNs: 15e6 }],
    measured: MEASURED,
    windowNs: random.isClosed ? 0 : random.windowNs,
    connectionCount: 0,
    streams: [
      {
        release: {
          loop: "open",
          arrivals: { kind: "times", atNs: [...random.blockersDueNs].sort((a, b) => a - b) },
        },
        variants: [{ share: 1, class: "blocker", ops: [{ op: "block", ns: 1 }] }],
      },
      {
        release: random.isClosed
          ? { loop: "closed", sessionCount: 3, taskCount: random.victims.length, thinkNs: 0 }
          : {
              loop: "open",
              arrivals: {
                kind: "times",
                atNs: random.victims.map(({ dueNs }) => dueNs).sort((a, b) => a - b),
              },
            },
        variants: [{ share: 1, class: MEASURED, ops: victimOps }],
      },
    ],
  };
}

/** Writes random rows with the recorder and the same trial as plain objects. */
function play(random: Random): { scene: Scene; trial: NaiveTrial } {
  const endNs = random.isClosed ? 200e6 : random.windowNs + 50e6;
  const scene = sceneOf(compositionOf(random), { periodNs: random.canaryPeriodNs }, random.workers.length);
  const { trace } = scene;
  sealAt(scene, endNs);
  const tasks = Array.from({ length: trace.taskCount }, (_, task): NaiveTask => {
    const dueNs = trace.taskF64[task * TASK_F64 + TASK_DUE] as number;
    const className = trace.classes[trace.taskU32[task * TASK_U32 + TASK_CLASS] as number]?.name ?? "";
    const stamp = random.victims[task] ?? random.stamps[task % random.stamps.length];
    if (stamp === undefined) throw new Error("there are five stamps");
    return writeTask(scene, task, { ...stamp, dueNs, className });
  });
  const holds = random.workers.flatMap((rows, worker) => {
    let atNs = 0;
    return rows.map(({ gapNs, lengthNs, isBlock }) => {
      const startNs = atNs + gapNs;
      atNs = startNs + lengthNs;
      return { worker, startNs, endNs: atNs, isBlock: isBlock || lengthNs < 1e6 };
    });
  });
  // There is room for one hold a task.
  const written = trace.taskCount === 0 ? [] : holds.slice(0, scene.records.shape.holdCapacity);
  for (const { worker, startNs, endNs: holdEndNs, isBlock } of written) {
    scene.workers[worker]?.held(0, isBlock ? BLOCK : CPU, startNs, holdEndNs);
  }
  // All of them are written as holds of the first task.
  const heldNs = written.reduce((sum, hold) => sum + hold.endNs - hold.startNs, 0);
  const stretches = random.stretches.slice(0, random.workers.length);
  const loopSaid = random.hasResources ? { count: 1234, delayNs: [1, 2, 3, 4, 5, 6], busyShare: 0.25 } : null;
  if (loopSaid !== null) scene.workers[0]?.eventLoopSaid(loopSaid);
  const canaries = writeCanaries(scene, random);
  const idle = stretches.map((own, worker) => writeStretches(scene, worker, { ...own, endNs }));
  return {
    scene,
    trial: {
      tasks: tasks.map((task, index) => (index === 0 ? { ...task, heldNs } : task)),
      idle,
      canaryPeriodNs: random.canaryPeriodNs,
      coreCount: random.coreCount,
      foreign: random.foreign === null ? null : laidOut(random.foreign),
      pausesNs: stretches.map(({ pausesNs }) => pausesNs),
      canaries,
      timers: writeTimers(scene, random),
      locals: writeLocals(scene, random, canaries),
      loopSaid,
      latenessNs: writeTicks(scene, random),
      holds: written,
      workerCount: random.workers.length,
      windowNs: trace.windowNs,
      endNs,
      loops: Object.fromEntries(trace.classes.map(({ name, loop }) => [name, loop])),
      deadlineNs: Object.fromEntries(trace.classes.map(({ name, deadlineNs }) => [name, deadlineNs])),
      facts: factsOf(random),
    },
  };
}

/** Stretches one after the other, each after its gap. */
function laidOut(lengths: readonly { gapNs: number; lengthNs: number }[]): NaiveSpan[] {
  let atNs = 0;
  return lengths.map(({ gapNs, lengthNs }) => {
    const startNs = atNs + gapNs;
    atNs = startNs + lengthNs;
    return { startNs, endNs: atNs };
  });
}

/** Answers the idle stretches as the recorder keeps them: up to the end of the trial. */
function writeStretches(
  scene: Scene,
  worker: number,
  own: Random["stretches"][number] & { endNs: number },
): NaiveSpan[] {
  const recorder = scene.workers[worker];
  const idle = laidOut(own.idle)
    .map(({ startNs, endNs }) => ({ startNs, endNs: Math.min(endNs, own.endNs) }))
    .filter(({ startNs, endNs }) => startNs < endNs);
  for (const { startNs, endNs } of idle) recorder?.idle(startNs, endNs);
  for (const lengthNs of own.pausesNs ?? []) recorder?.gcPause(0, lengthNs);
  if (own.pausesNs !== null) recorder?.gcWatched();
  return idle;
}

function writeTask(
  scene: Scene,
  task: number,
  stamp: {
    dueNs: number;
    className: string;
    lagNs: number;
    waitNs: number;
    serviceNs: number;
    resumeNs: number;
    fate: string;
  },
): NaiveTask {
  const submittedNs = Math.max(0, stamp.dueNs) + stamp.lagNs + 1;
  const firstPollNs = submittedNs + stamp.waitNs;
  const finishNs = firstPollNs + stamp.serviceNs;
  const isDone = stamp.fate === "done";
  const isStarted = isDone || stamp.fate === "started";
  const isSubmitted = isStarted || stamp.fate === "submitted";
  const worker = scene.workers[task % scene.workerCount];
  const session = scene.trace.taskU32[task * TASK_U32 + TASK_SESSION] as number;
  if (isSubmitted) scene.releaser.submitted(task, submittedNs);
  if (isStarted) {
    worker?.pollStarts(task, firstPollNs, 0);
    worker?.pollStarts(task, firstPollNs + stamp.resumeNs, firstPollNs);
  }
  if (isDone) worker?.finished(task, finishNs, 0);
  else scene.records.taskU8[task * TASK_BYTES + STATE] = taskStates.unserved;
  return {
    class: stamp.className,
    startsWithBlock: stamp.className === "blocker",
    dueNs: stamp.dueNs,
    isSubmitted,
    isStarted,
    isDone,
    submittedNs,
    firstPollNs,
    finishNs,
    resumeWaitNs: stamp.resumeNs,
    heldNs: 0,
    session: session === NONE ? null : session,
  };
}

function writeTicks({ records }: Scene, { latenessNs }: Random): number[] {
  const written = latenessNs.slice(0, records.shape.tickCapacity);
  written.forEach((lateNs, tick) => {
    records.tickF64[tick * TICK_DOUBLES + tickRow.index.dueNs] = tick * 1e6;
    records.tickF64[tick * TICK_DOUBLES + tickRow.index.atNs] = tick * 1e6 + lateNs;
  });
  records.headerI32[recordsHeaderRow.index.tickCount] = written.length;
  return written;
}

const TICK_DOUBLES = strideIn(tickRow, "f64");

function writeCanaries(scene: Scene, random: Random): NaiveTrial["canaries"] {
  const { canaryPeriodNs } = scene.trace;
  if (canaryPeriodNs === 0) return [];
  const spanNs = scene.trace.windowNs === 0 ? 45e6 : scene.trace.windowNs;
  return Array.from({ length: Math.floor(spanNs / canaryPeriodNs) }, (_, canary) => {
    const dueNs = canaryDueNs(scene.trace, canary);
    const delayNs = random.canaryDelaysNs[canary % random.canaryDelaysNs.length] ?? null;
    const submittedNs = dueNs + Math.min(random.canaryLagNs, delayNs ?? Number.POSITIVE_INFINITY);
    const worker = canary % scene.workerCount;
    scene.releaser.canarySubmitted(canary, dueNs, submittedNs);
    if (delayNs !== null) scene.workers[worker]?.canaryRan(canary, dueNs + delayNs);
    return { dueNs, submittedNs, runNs: delayNs === null ? null : dueNs + delayNs, worker };
  });
}

function writeTimers(scene: Scene, random: Random): NaiveTrial["timers"] {
  const spanNs = scene.trace.windowNs === 0 ? 45e6 : scene.trace.windowNs;
  const periodNs = timerPeriodNs(scene.trace);
  const count = periodNs === 0 ? 0 : Math.floor(spanNs / periodNs);
  scene.records.headerI32[recordsHeaderRow.index.timerCount] = count;
  return Array.from({ length: count }, (_, timer) => {
    const dueNs = timerDueNs(scene.trace, timer);
    const delayNs = random.canaryDelaysNs[(timer + 1) % random.canaryDelaysNs.length] ?? null;
    if (delayNs !== null) runTimer(scene, timer, dueNs + delayNs);
    return { dueNs, runNs: delayNs === null ? null : dueNs + delayNs };
  });
}

function writeLocals(scene: Scene, random: Random, canaries: NaiveTrial["canaries"]): NaiveTrial["locals"] {
  return canaries.flatMap(({ dueNs, runNs: spawnedNs, worker }, canary) => {
    if (spawnedNs === null) return [];
    const delayNs = random.canaryDelaysNs[(canary + 2) % random.canaryDelaysNs.length] ?? null;
    if (delayNs !== null) scene.workers[worker]?.localRan(canary, spawnedNs + delayNs);
    return [{ dueNs, spawnedNs, runNs: delayNs === null ? null : spawnedNs + delayNs }];
  });
}

function factsOf({ hasResources, samples, hasThrottling }: Random): TrialFacts {
  if (!hasResources) return plainFacts;
  const sums = (key: "lengthNs" | "foreignNs" | "stealNs" | "throttledNs"): number[] =>
    samples.map((_, last) => samples.slice(0, last + 1).reduce((sum, sample) => sum + sample[key], 0));
  return {
    ...plainFacts,
    resources: {
      elapsedNs: 11,
      cpuNs: { runtime: 12, harness: 13, engine: 14 },
      runDelayNs: { runtime: 20, harness: 21, engine: 22 },
      releaserCpuNs: 5,
      workerCpuNs: null,
      rssBytes: 15,
      rssAtEpochBytes: 4,
      voluntarySwitches: 16,
      involuntarySwitches: 17,
    },
    peer: { connectionCount: 1, requestCount: 1, bytesIn: 1, bytesOut: 1, cpuNs: 18, coreShare: 0.19 },
    sensors: {
      machine: {
        cpuCount: 2,
        atNs: sums("lengthNs"),
        foreignNs: sums("foreignNs"),
        stealNs: sums("stealNs"),
        throttledNs: hasThrottling ? sums("throttledNs") : null,
      },
      gaps: { longestNs: 23, rows: [] },
    },
  };
}

function spansOf(spans: readonly NaiveSpan[] | null): Spans | null {
  if (spans === null) return null;
  return {
    startsNs: Float64Array.from(spans, ({ startNs }) => startNs),
    endsNs: Float64Array.from(spans, ({ endNs }) => endNs),
  };
}

test("a naive second analysis of random records agrees in every metric", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(randomTrial, (random) => {
      const { scene, trial } = play(random);
      const measures = measure({ ...trial, ...scene, foreign: spansOf(trial.foreign) });
      const expected = naive(trial);
      expect(Object.keys(expected).sort()).toEqual(metrics.map(({ name }) => name).sort());
      for (const metric of metrics) {
        const value = metric.of(measures);
        const known = expected[metric.name] ?? null;
        if (value !== null && value !== 0) seen.add(metric.name);
        if (known === null || value === null) expect(value, metric.name).toBe(known);
        else
          expect(Math.abs(value - known), metric.name).toBeLessThanOrEqual(
            1e-9 * Math.max(1, Math.abs(known)),
          );
      }
    }),
    { numRuns: 600 },
  );
  // The random records must not leave a metric untested; p999 needs 10,000 samples.
  const untested = metrics
    .map(({ name }) => name)
    .filter((name) => !seen.has(name) && !/p999|p99$/.test(name));
  expect(untested).toEqual([]);
});
