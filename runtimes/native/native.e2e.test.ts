/** What only shows in a process of its own: how it ends, and what a limit of the system does to a start. */
import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { packageRoot } from "./generate.ts";
import { native } from "./native.ts";

const isBuilt = native.availability().available;

/** What every script below has at hand. */
const prelude = `
  const { build } = await import("./dist/workloads/trace/build.js");
  const { OP_CODE, OP_U32 } = await import("./dist/workloads/trace/trace.js");
  const { recordsHeaderRow } = await import("./dist/runtimes/record.js");
  const { allocateRecords } = await import("./dist/runtimes/records.js");
  const { shapeFor } = await import("./dist/runtimes/records-room.js");
  const { sumLanes } = await import("./dist/runtimes/lane-sums.js");
  const { monotonicNs } = await import("./dist/runtimes/clock.js");
  const { native } = await import("./dist/runtimes/native/native.js");
  const traceOf = (ops, connectionCount = 0) => build({
    classes: [{ name: "task" }], measured: "task", windowNs: 0, connectionCount,
    streams: [{
      release: { loop: "closed", sessionCount: 1, taskCount: 1, thinkNs: 0 },
      variants: [{ share: 1, class: "task", ops }],
    }],
  }, 1, { periodNs: 0 });
  const start = async (trace, { workerCount = 2, peerPort = null } = {}) => {
    const records = allocateRecords(shapeFor(trace, workerCount));
    const started = await native.start({
      workerCount, coreCount: 2, options: {}, trace, records, warmUp: traceOf([]), peerPort, unitNs: 2.5,
    });
    records.headerF64[recordsHeaderRow.index.epochNs] = monotonicNs();
    return { records, started };
  };
`;

/** Runs a script in a fresh Node; through a shell where a limit is to hold. */
function run(
  script: string,
  limit = "true",
): { status: number | null; signal: string | null; stderr: string } {
  const node = [process.execPath, "--input-type=module", "-e", prelude + script];
  return spawnSync("bash", ["-c", `${limit} && exec "$0" "$@"`, ...node], {
    cwd: fileURLToPath(packageRoot),
    encoding: "utf8",
    timeout: 50_000,
  });
}

describe.skipIf(!isBuilt)("a process with the addon", () => {
  test("exits at once although a worker is stuck in a block", () => {
    const { status, stderr } = run(`
      const { records, started } = await start(traceOf([{ op: "block", ns: 3600e9 }]));
      started.execute();
      while (sumLanes(records, "started") < 1) await new Promise((resolve) => setImmediate(resolve));
      Atomics.store(records.headerI32, recordsHeaderRow.index.stop, 1);
      started.stop();
      process.exit(7);
    `);
    expect({ status, stderr }).toEqual({ status: 7, stderr: "" });
  });

  test("is aborted with a message by a broken invariant in Rust", () => {
    const { status, signal, stderr } = run(`
      const trace = traceOf([{ op: "yield" }]);
      trace.opU32[0 * OP_U32 + OP_CODE] = 15;
      const { started } = await start(trace);
      await started.execute();
    `);
    expect({ status, signal }).toEqual({ status: null, signal: "SIGABRT" });
    expect(stderr).toMatch(/isoload-worker.* panicked.*\n.*known opcodes only/);
  });

  test("ends with the exit code 0 after an ordinary trial", () => {
    const { status, stderr } = run(`
      const { records, started } = await start(traceOf([{ op: "yield" }]));
      const execution = started.execute();
      while (sumLanes(records, "done") < 1) await new Promise((resolve) => setImmediate(resolve));
      Atomics.store(records.headerI32, recordsHeaderRow.index.stop, 1);
      started.stop();
      await execution;
    `);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });

  test("does not start with fewer connections than planned", async () => {
    const server = createServer(() => undefined);
    const port = await new Promise<number>((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
    });
    const script = `
      await start(traceOf([{ op: "echo", bytes: 1, replyDelayNs: 0 }], 200), { peerPort: ${port} });
    `;
    const { status, stderr } = run(script, "ulimit -n 100");
    server.close();
    expect(status).toBe(1);
    expect(stderr).toMatch(/connection \d+ of 200 to the echo peer .* Too many open files/);
  });

  test("does not start with fewer workers than planned", () => {
    // Stacks of 2 MiB: a limit on address space ends the supply of threads, as a limit on threads would.
    const script = "await start(traceOf([]), { workerCount: 4000 });";
    const { status, stderr } = run(script, "ulimit -v 6000000");
    expect(status).toBe(1);
    expect(stderr).toMatch(/Error: only \d+ of 4000 worker threads can be had: Resource temporarily/);
  });
});
