import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test, vi } from "vitest";
import { taskRecordRow, taskStates } from "../../runtimes/record.ts";
import { build } from "../../workloads/trace/build.ts";
import { strideIn } from "../../workloads/trace/layout.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import type { OpSpec } from "../../workloads/workload.ts";
import { runOne } from "./fixtures/one-trial.ts";
import { commandLinesWith } from "./fixtures/processes.ts";
import type { TrialResult } from "./trial.ts";

const faults = fileURLToPath(new URL("./fixtures/faults.js", import.meta.url));

function traceOf(ops: readonly OpSpec[], taskCount = 20): Trace {
  return build(
    {
      classes: [{ name: "a" }],
      measured: "a",
      windowNs: 0,
      connectionCount: 0,
      streams: [
        {
          release: { loop: "closed", sessionCount: 4, taskCount, thinkNs: 0 },
          variants: [{ share: 1, class: "a", ops }],
        },
      ],
    },
    1,
    { periodNs: 1e6 },
  );
}

const cpu = traceOf([{ op: "cpu", units: 1000 }]);

async function faulty(
  name: string,
  more: { deadlineNs?: number; startDeadlineNs?: number } = {},
): Promise<TrialResult> {
  const options = { fault: name };
  return (
    await runOne({ trace: cpu, runtime: "faulty", runtimeModule: faults, options, workerCount: 1, ...more })
  ).result;
}

describe("a trial", () => {
  test("of an honest runtime completes with whole records", async () => {
    const { result, records } = await runOne({
      trace: cpu,
      runtime: "faulty",
      runtimeModule: faults,
      options: { fault: "none" },
      workerCount: 1,
    });
    expect(result).toMatchObject({
      outcome: "completed",
      facts: { ending: "all-ended", runtimeReturned: true },
    });
    const states = records?.taskU8.filter(
      (_, at) => at % strideIn(taskRecordRow, "u8") === taskRecordRow.index.state,
    );
    expect([...(states ?? [])]).toEqual(new Array(20).fill(taskStates.done));
  });

  test.each([
    ["throws", { code: 1, signal: null, message: "exit code 1 before it was done" }],
    ["exits", { code: 0, signal: null, message: "it left with exit code 0 before it was done" }],
    ["is-killed", { code: null, signal: "SIGKILL", message: "killed by SIGKILL before it was done" }],
  ])("of a runtime that %s is crashed, with its cause", async (name, cause) => {
    expect(await faulty(name)).toMatchObject({ outcome: "crashed", cause });
  });

  test("keeps what the dying process said", async () => {
    const result = await faulty("throws");
    expect(result.outcome === "crashed" && result.stderrTail).toContain("the planted error");
  });

  test("of a runtime that hangs before it is ready is timed out, and says so", async () => {
    expect(await faulty("hangs-at-start", { startDeadlineNs: 1e9 })).toMatchObject({
      outcome: "timed-out",
      message: "it was killed 1 s after its start, in the warm-up, before it was ready",
    });
  });

  test("of a runtime that leaves early completes, and the records show what is missing", async () => {
    expect(await faulty("leaves-early")).toMatchObject({
      outcome: "completed",
      facts: { ending: "left-early" },
    });
  });

  test("of a runtime that hangs is sealed by the witness at the cut-off", async () => {
    const { result, records } = await runOne({
      trace: cpu,
      runtime: "faulty",
      runtimeModule: faults,
      options: { fault: "hangs" },
      workerCount: 1,
    });
    expect(result).toMatchObject({
      outcome: "completed",
      facts: { ending: "cut-off", runtimeReturned: false },
    });
    const states = records?.taskU8.filter(
      (_, at) => at % strideIn(taskRecordRow, "u8") === taskRecordRow.index.state,
    );
    expect([...(states ?? [])]).toEqual(new Array(20).fill(taskStates.unserved));
  });

  test("is refused by name where its settings are of another version", async () => {
    const { result } = await runOne({
      trace: cpu,
      runtime: "single-thread",
      workerCount: 1,
      isoloadVersion: "9.9.9",
    });
    expect(result.outcome === "crashed" && result.stderrTail).toMatch(
      /the settings are of isoload 9\.9\.9, this is \d/,
    );
  });

  test("of a trace other than the planned one is refused", async () => {
    const { result } = await runOne({
      trace: cpu,
      runtime: "single-thread",
      workerCount: 1,
      traceHash: "00",
    });
    expect(result.outcome === "crashed" && result.stderrTail).toMatch(
      /the trace's hash is [0-9a-f]{64}, the plan says 00/,
    );
  });

  test("does not inherit what changes an engine: NODE_OPTIONS stays outside", async () => {
    vi.stubEnv("NODE_OPTIONS", "--no-such-option-of-node");
    try {
      const { result } = await runOne({ trace: cpu, runtime: "single-thread", workerCount: 1 });
      expect(result.outcome).toBe("completed");
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("with an op that the runtime lacks is unsupported, and names the op", async () => {
    const trace = traceOf([{ op: "sleep", ns: 1e6 }]);
    const { result } = await runOne({ trace, runtime: "faulty", runtimeModule: faults, workerCount: 1 });
    expect(result).toEqual({ outcome: "unsupported", op: "sleep" });
  });

  test("that is aborted rejects and leaves no process", async () => {
    const abort = new AbortController();
    const seen: { isAlive: () => boolean } = { isAlive: () => false };
    const trial = runOne({
      trace: cpu,
      runtime: "faulty",
      runtimeModule: faults,
      options: { fault: "hangs" },
      workerCount: 1,
      signal: abort.signal,
      onSpawn: (child) => {
        seen.isAlive = () => child.kill("SIGCONT");
      },
      onEvent: () => {
        expect(seen.isAlive()).toBe(true);
        abort.abort(new Error("enough"));
      },
    });
    await expect(trial).rejects.toThrow("enough");
    expect(seen.isAlive()).toBe(false);
  });
});

describe("when the parent is killed", () => {
  /** A third of the minute for which an orphan would live. */
  const GONE_LIMIT_MS = 20_000;

  const looksTwice = (folder: string) => async (): Promise<string[]> => {
    const first = commandLinesWith("trial-process", folder);
    await new Promise((resolve) => setTimeout(resolve, 200));
    return [...first, ...commandLinesWith("trial-process", folder)];
  };

  const parentScript = fileURLToPath(new URL("./fixtures/parent-of-a-trial.js", import.meta.url));

  test("with SIGKILL at any moment, its trial is gone soon after", async () => {
    let seenCount = 0;
    for (const delayMs of [0, 20, 60, 120, 250, 500]) {
      const folder = mkdtempSync(join(tmpdir(), "isoload-orphan-"));
      const parent = spawn(process.execPath, [parentScript, folder], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const exited = once(parent, "exit");
      await once(parent.stdout, "data");
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      seenCount += commandLinesWith("trial-process", folder).length;
      parent.kill("SIGKILL");
      await exited;
      // A look may miss a child that is just being made: it has its parent's command line until then.
      await expect.poll(looksTwice(folder), { timeout: GONE_LIMIT_MS, interval: 20 }).toEqual([]);
      rmSync(folder, { recursive: true });
    }
    // The control: there was something to be gone.
    expect(seenCount).toBeGreaterThan(0);
  });
});
