import { expect, test } from "vitest";
import type { Treatment, TrialFacts, TrialResult } from "../harness/trial/trial.ts";
import { laneRow } from "../runtimes/record.ts";
import { judgeTrial, type TrialRow } from "./analyze.ts";
import { MS } from "./fixtures/compositions.ts";
import { closedScene, completed, crashed, plannedTrial, rowOf, starvedScene } from "./fixtures/document.ts";
import { facts, liveResources, type Scene, sceneOf, sealAt } from "./fixtures/scene.ts";
import { leafOf } from "./metrics/tree.ts";
import { CHECKSUM } from "./rows.ts";
import { POINT_LIMIT, timelineOf } from "./timeline.ts";

const completedWith = (changed: Partial<TrialFacts>): TrialResult => ({
  outcome: "completed",
  facts: { ...facts, ...changed },
  startupNs: MS,
});

test("a completed trial with proven identity is valid and has its figures", () => {
  const scene = closedScene();
  const row = rowOf(plannedTrial(scene, "t2", 0), scene, completed);
  expect(row).toMatchObject({ outcome: "completed", valid: true, invalidBecause: [], refusal: null });
  expect(row.warnings).toEqual([]);
  expect(row.resultHash).toMatch(/^[0-9a-f]{64}$/);
  expect(row.counts).toEqual({
    planned: 40,
    done: 40,
    failed: 0,
    cancelled: 0,
    unserved: 0,
    spawned: 36,
    polls: 40,
  });
  expect(row.metrics && leafOf(row.metrics, "waitNs.p50")).toBe(10);
  expect(row.classes?.task).toMatchObject({ loop: "closed", count: 40 });
});

test("a diverged trial shows its counts and reasons and no figure", () => {
  const scene = closedScene();
  scene.records.taskU32[CHECKSUM] = 1;
  const row = rowOf(plannedTrial(scene, "t2", 0), scene, completed);
  expect(row).toMatchObject({
    outcome: "diverged",
    valid: false,
    metrics: null,
    classes: null,
    timeline: null,
    refusal: "identity",
    resultHash: null,
    runtimeStats: null,
  });
  expect(row.invalidBecause).toHaveLength(1);
  expect(row.counts?.done).toBe(40);
});

test("a runtime that did not return is timed out, keeps its figures and is not valid", () => {
  const scene = closedScene();
  const row = rowOf(plannedTrial(scene, "t2", 0), scene, completedWith({ runtimeReturned: false }));
  expect(row).toMatchObject({ outcome: "timed-out", valid: false, refusal: "failure" });
  expect(row.invalidBecause).toEqual([expect.stringMatching(/did not return .* sealed by the witness/)]);
  expect(row.metrics).not.toBeNull();
  expect(row.counts?.done).toBe(40);
});

test("one that did not return and lied has diverged, for both reasons", () => {
  const scene = closedScene();
  scene.records.taskU32[CHECKSUM] = 1;
  const row = rowOf(plannedTrial(scene, "t2", 0), scene, completedWith({ runtimeReturned: false }));
  expect(row.outcome).toBe("diverged");
  expect(row.invalidBecause).toHaveLength(2);
});

/** The row of a trial that left no records. */
function failedRow(result: TrialResult, own: Partial<Treatment> = {}): TrialRow {
  const planned = plannedTrial(closedScene(), "t2", 0);
  return judgeTrial({
    planned,
    treatment: {
      id: "t2",
      workload: "closed",
      parameters: {},
      runtime: "native",
      options: {},
      runtimeLabel: "native",
      threads: "1x",
      workerCount: 1,
      ...own,
    },
    result,
    tookNs: 1e9,
    trace: null,
    traceHash: planned.traceHash,
    coreCount: 2,
    onNoise: "refuse",
    records: null,
    expected: null,
  });
}

test.each<[string, TrialResult, RegExp]>([
  ["crashed", crashed, /^exit code 1 before it was ready; its last words: Error: /],
  [
    "timed-out",
    { outcome: "timed-out", limitNs: 1e9, message: "no end within 1 s", stderrTail: "" },
    /^no end within 1 s$/,
  ],
  ["unsupported", { outcome: "unsupported", op: "echo" }, /^the runtime has no op "echo"$/],
])("a trial that %s says why and needs no records", (outcome, result, reason) => {
  const row = failedRow(result);
  expect(row).toMatchObject({ outcome, valid: false, counts: null, metrics: null });
  expect(row.invalidBecause.join("; ")).toMatch(reason);
});

test.each<[string, TrialResult, RegExp]>([
  [
    "crashed",
    crashed,
    /; its last words: .*; Check it: isoload selftest --runtime \.\/mine\.mjs:depth=3\. All it printed: trials\/.*t2.*\/stderr\.txt\.$/,
  ],
  [
    "timed-out",
    { outcome: "timed-out", limitNs: 1e9, message: "it was killed", stderrTail: "" },
    /^it was killed; Does every call of its scheduler return\? Check it: isoload selftest --runtime \.\/mine\.mjs:depth=3\.$/,
  ],
])("a user's runtime that %s has what its author can do behind the reason", (_, result, reason) => {
  const runtimeModule = { path: "/mine.mjs", sha256: "00" };
  const row = failedRow(result, { runtime: "./mine.mjs", options: { depth: 3 }, runtimeModule });
  expect(row.invalidBecause.join("; ")).toMatch(reason);
});

test("stretches that found no room in the records are named", () => {
  const scene = closedScene();
  scene.records.laneU32[laneRow.index.stretchesLost] = 7;
  expect(rowOf(plannedTrial(scene, "t2", 0), scene, completed).warnings).toEqual([
    "7 idle stretches or collector pauses found no room in the records and are in their sums only",
  ]);
});

const live = { resources: { ...liveResources, releaserCpuNs: 0 } };
const limited: Partial<TrialFacts> = {
  ...live,
  peer: { connectionCount: 2, requestCount: 2, bytesIn: 200, bytesOut: 200, cpuNs: 0, coreShare: 0.9 },
};
const PEER_LIMITED = /^peer-limited: the echo peer took 0.90 of a core \(bound 0.70\)/;

test("a disturbed trial is refused for the noise, keeps its figures, and says what was measured", () => {
  const scene = starvedScene();
  const row = rowOf(plannedTrial(scene, "t0", 0), scene, completedWith(limited), "refuse");
  expect(row).toMatchObject({ outcome: "completed", valid: false, refusal: "noise", warnings: [] });
  expect(row.invalidBecause).toEqual([expect.stringMatching(PEER_LIMITED)]);
  expect(row.metrics && leafOf(row.metrics, "peerCoreShare")).toBe(0.9);
  expect(row.sensors?.map(({ sensor, verdict }) => `${sensor}: ${verdict}`)).toEqual([
    "foreignCpu: not watched",
    "steal: not watched",
    "throttling: not watched",
    "gap: not watched",
    "witnessLateness: cost of oversubscription",
    "blockOvershoot: too short to judge",
    "releaseLag: cost of oversubscription",
    "peer: beyond",
    "littlesLaw: too short to judge",
  ]);
});

test("where noise is only warned of, a disturbed trial is valid and its reasons are warnings", () => {
  const scene = starvedScene();
  const row = rowOf(plannedTrial(scene, "t0", 0), scene, completedWith(limited), "warn");
  expect(row).toMatchObject({ valid: true, refusal: null, invalidBecause: [] });
  expect(row.warnings).toEqual([expect.stringMatching(/^noise: peer-limited: /)]);
});

test("a lie is refused as such, however noisy the machine was and whatever is made of noise", () => {
  const scene = starvedScene();
  scene.records.taskU32[CHECKSUM] = 1;
  const row = rowOf(plannedTrial(scene, "t0", 0), scene, completedWith(limited), "warn");
  expect(row).toMatchObject({ outcome: "diverged", valid: false, refusal: "identity", sensors: null });
});

test("nothing disturbs virtual time: no sensor is asked", () => {
  const scene = starvedScene();
  const virtual = { peer: limited.peer ?? null };
  const row = rowOf(plannedTrial(scene, "t0", 0), scene, completedWith(virtual), "refuse");
  expect(row).toMatchObject({ valid: true, refusal: null, sensors: null });
});

function canaryScene(delaysNs: readonly number[], windowMs: number): Scene {
  const scene = sceneOf(
    {
      classes: [{ name: "task" }],
      measured: "task",
      windowNs: windowMs * MS,
      connectionCount: 0,
      streams: [],
    },
    { periodNs: MS, phaseNs: 0 },
  );
  delaysNs.forEach((delayNs, canary) => {
    scene.releaser.canarySubmitted(canary, canary * MS, canary * MS);
    scene.workers[0]?.canaryRan(canary, canary * MS + delayNs);
  });
  sealAt(scene, windowMs * MS);
  return scene;
}

test("the timeline keeps the top of a short freeze, however long the trial is", () => {
  const delaysNs = new Array<number>(2000).fill(0);
  // Canaries 1000 to 1004 wait until 1005 ms: a freeze of 5 ms in buckets of 10 ms.
  for (let canary = 1000; canary < 1005; canary++) delaysNs[canary] = (1005 - canary) * MS;
  const timeline = timelineOf(canaryScene(delaysNs, 2000).records, 2000 * MS);
  expect(timeline?.bucketNs).toBe(10 * MS);
  expect(timeline?.noProgressNs).toHaveLength(POINT_LIMIT);
  expect(timeline?.noProgressNs?.[100]).toBe(5 * MS);
  expect(timeline?.noProgressNs?.filter((ns) => ns > 0)).toHaveLength(1);
});

test("V(t) rises through the buckets of a long freeze and falls where it ends", () => {
  const delaysNs = Array.from({ length: 200 }, (_, canary) => (canary < 100 ? (100 - canary) * MS : 0));
  const points = timelineOf(canaryScene(delaysNs, 200).records, 200 * MS)?.noProgressNs;
  // At the end of bucket k canary 0 has waited k + 1 ms.
  expect(points?.slice(0, 100)).toEqual(Array.from({ length: 100 }, (_, bucket) => (bucket + 1) * MS));
  // It ends with bucket 99, so it is no part of bucket 100.
  expect(points?.slice(100)).toEqual(new Array<number>(100).fill(0));
});
