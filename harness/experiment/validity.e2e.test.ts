/** Real trials that are disturbed: they are refused for that, whatever else the machine is doing. */
import { expect, test } from "vitest";
import { judgeTrial, type TrialRow } from "../../reports/analyze.ts";
import { build } from "../../workloads/trace/build.ts";
import { referenceChecksums } from "../../workloads/trace/reference.ts";
import { hashOf, type Trace } from "../../workloads/trace/trace.ts";
import { startNeighbour, stopFor } from "../trial/fixtures/disturbances.ts";
import { runOne } from "../trial/fixtures/one-trial.ts";
import type { OnNoise } from "../trial/trial.ts";

/** 100 small tasks a second. */
const trace: Trace = build(
  {
    classes: [{ name: "a" }],
    measured: "a",
    windowNs: 1.5e9,
    connectionCount: 0,
    streams: [
      {
        release: { loop: "open", arrivals: { kind: "constant", ratePerSecond: 100 } },
        variants: [{ share: 1, class: "a", ops: [{ op: "cpu", units: 100 }] }],
      },
    ],
  },
  1,
  { periodNs: 1e6 },
);

type Trial = Parameters<typeof stopFor>[0];

/** A trial of `single-thread`, whose process `disturb` is handed when it has begun. */
async function judged(disturb: (trial: Trial) => Promise<void>, onNoise: OnNoise): Promise<TrialRow> {
  let trial: Trial | undefined;
  let disturbance = Promise.resolve();
  const { result, records } = await runOne({
    trace,
    runtime: "single-thread",
    workerCount: 1,
    onSpawn: (child) => {
      trial = child;
    },
    onEvent: ({ event }) => {
      if (event !== "ready" || trial === undefined) return;
      const started = trial;
      disturbance = new Promise((resolve) => setTimeout(resolve, 100)).then(() => disturb(started));
    },
  });
  await disturbance;
  const traceHash = hashOf(trace);
  return judgeTrial({
    planned: { id: "r0-t0", treatmentId: "t0", round: 0, attempt: 1, traceHash },
    treatment: {
      ...{ id: "t0", workload: "a", parameters: {}, runtime: "single-thread", options: {} },
      ...{ runtimeLabel: "single-thread", threads: "1", workerCount: 1 },
    },
    ...{ result, traceHash, coreCount: 2, onNoise, tookNs: 0 },
    ...{ trace, records, expected: referenceChecksums(trace) },
  });
}

const STOOD_STILL = /^the trial stood still for 1\d\d\.\d ms, neither working nor waiting for a core/;

test.skipIf(process.platform !== "linux")(
  "a trial that was stopped for 150 ms is refused for that",
  async () => {
    const row = await judged((trial) => stopFor(trial, 150), "refuse");
    expect(row).toMatchObject({ outcome: "completed", valid: false, refusal: "noise" });
    expect(row.invalidBecause).toEqual(expect.arrayContaining([expect.stringMatching(STOOD_STILL)]));
  },
);

test.skipIf(process.platform !== "linux")(
  "beside neighbours that burn every core a trial is refused for foreign CPU, or marked",
  async () => {
    const neighbours = [startNeighbour(), startNeighbour()];
    const row = await judged(async () => undefined, "warn").finally(() =>
      neighbours.map(({ stop }) => stop()),
    );
    expect(row).toMatchObject({ outcome: "completed", valid: true, refusal: null });
    expect(row.warnings).toEqual(
      expect.arrayContaining([expect.stringMatching(/^noise: foreign CPU took \d\.\d\d of a core/)]),
    );
  },
);
