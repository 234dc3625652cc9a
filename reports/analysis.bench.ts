/**
 * How long it takes to judge and measure a trial: `node dist/reports/analysis.bench.js`.
 * Limits: 10^6 records within 1 s, 10^7 within 15 s.
 */

import { referenceChecksums } from "../workloads/trace/reference.ts";
import { hashOf } from "../workloads/trace/trace.ts";
import type { Composition } from "../workloads/workload.ts";
import { judgeTrial } from "./analyze.ts";
import { facts, runHonestly, type Scene, sceneOf } from "./fixtures/scene.ts";
import { median } from "./interval.ts";
import { CANARY_DOUBLES, CANARY_DUE, CANARY_LOCAL_RUN, CANARY_RUN, canaryCountOf } from "./rows.ts";

/** An open loop with blockers and victims over 100 s: every check and every metric has work to do. */
function loadOf(taskCount: number): Composition {
  const windowNs = 100e9;
  const perSecond = (taskCount * 1e9) / windowNs;
  return {
    classes: [{ name: "blocker" }, { name: "victim", deadlineNs: 1e9 }],
    measured: "victim",
    windowNs,
    connectionCount: 0,
    streams: [
      {
        release: { loop: "open", arrivals: { kind: "constant", ratePerSecond: perSecond } },
        variants: [
          { share: 0.01, class: "blocker", ops: [{ op: "block", ns: 1000 }] },
          { share: 0.99, class: "victim", ops: [{ op: "cpu", units: 1 }] },
        ],
      },
    ],
  };
}

function timeNs(scene: Scene, expected: Uint32Array, traceHash: string): number {
  const startNs = process.hrtime.bigint();
  const row = judgeTrial({
    planned: { id: "r0-t0", treatmentId: "t0", round: 0, attempt: 1, traceHash },
    treatment: {
      id: "t0",
      workload: "bench",
      parameters: {},
      runtime: "bench",
      options: {},
      runtimeLabel: "bench",
      threads: "1",
      workerCount: 1,
    },
    result: { outcome: "completed", facts, startupNs: 0 },
    tookNs: 0,
    trace: scene.trace,
    traceHash,
    coreCount: 1,
    onNoise: "refuse",
    records: scene.records,
    expected,
  });
  const tookNs = Number(process.hrtime.bigint() - startNs);
  if (!row.valid) throw new Error(`the bench's own trial is not valid: ${row.invalidBecause.join("; ")}`);
  return tookNs;
}

/** Lets every canary of the first half of each 50 ms wait for the end of that half: episodes, causes, holds. */
function starve({ records }: Scene): void {
  for (let canary = 0; canary < canaryCountOf(records); canary++) {
    const row = canary * CANARY_DOUBLES;
    const intoNs = (records.canaryF64[row + CANARY_DUE] as number) % 50e6;
    const waitNs = intoNs < 25e6 ? 25e6 - intoNs : 100;
    const ranNs = (records.canaryF64[row + CANARY_DUE] as number) + waitNs;
    records.canaryF64[row + CANARY_RUN] = ranNs;
    records.canaryF64[row + CANARY_LOCAL_RUN] = ranNs + 10;
  }
}

for (const { taskCount, n, goal, isStarved } of [
  {
    taskCount: 1e5,
    n: 9,
    goal: "≤ 0.3 s with 10^5 idle stretches and every other canary late",
    isStarved: true,
  },
  { taskCount: 1e6, n: 9, goal: "≤ 1 s", isStarved: false },
  { taskCount: 1e7, n: 3, goal: "≤ 15 s", isStarved: false },
]) {
  const scene = runHonestly(sceneOf(loadOf(taskCount), { periodNs: 1e6 }));
  if (isStarved) starve(scene);
  const expected = referenceChecksums(scene.trace);
  const traceHash = hashOf(scene.trace);
  const tookNs = Array.from({ length: n }, () => timeNs(scene, expected, traceHash));
  const shown = [median(tookNs), Math.max(...tookNs)].map((ns) => `${(ns / 1e6).toFixed(0)} ms`);
  console.log(
    `analysis of ${scene.trace.taskCount} task records: median ${shown[0]}, max ${shown[1]} (goal ${goal}, n = ${n})`,
  );
}
