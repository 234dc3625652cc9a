import { strict as assert } from "node:assert";
import { afterEach, describe, expect, test, vi } from "vitest";
import { recordsHeaderRow } from "../../runtimes/record.ts";
import { allocateRecords } from "../../runtimes/records.ts";
import { shapeFor } from "../../runtimes/records-room.ts";
import { build } from "../../workloads/trace/build.ts";
import type { Trace } from "../../workloads/trace/trace.ts";
import { GapFinder, openExcuses } from "./gaps.ts";
import { openMachineCpu, parseCpuList, sumOf } from "./machine-cpu.ts";
import { cpuNsOf, openProcessCpu, ownCpuNs } from "./process-cpu.ts";
import { openSources, SensorBoard, type Sources } from "./sensors.ts";
import { statPaths, throttledNsOf } from "./throttling.ts";
import { watchTrial } from "./witness.ts";

const MS = 1e6;

describe("what /proc says is read as it is meant", () => {
  const stat = [
    "cpu  9 9 9 9 9 9 9 9 9 9",
    "cpu0 1 2 3 100 5 6 7 8 9 10",
    "cpu1 1 2 3 200 10 6 7 80 9 10",
    "cpu10 1 2 3 4000 500 6 7 800 9 10",
    "intr 1 2 3",
  ].join("\n");

  test("idle is idle and waiting for a disk, of the CPUs asked for", () => {
    expect(sumOf(stat, new Set([0]))).toEqual({ idleNs: 105 * 10 * MS, stealNs: 8 * 10 * MS });
    expect(sumOf(stat, new Set([0, 10]))).toEqual({ idleNs: 4605 * 10 * MS, stealNs: 808 * 10 * MS });
  });

  test.each([
    ["0", [0]],
    ["0-1", [0, 1]],
    ["0,2-4,8\n", [0, 2, 3, 4, 8]],
  ])("the CPUs %s", (list, cpus) => {
    expect([...parseCpuList(list)]).toEqual(cpus);
  });

  test("a process whose name looks like fields", () => {
    expect(cpuNsOf("7 (a) b) 1 2 (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16")).toBe(23 * 10 * MS);
  });

  test("throttling of both versions of cgroups, and of a group without a quota", () => {
    expect(throttledNsOf("nr_throttled 3\nthrottled_usec 7\n")).toBe(7000);
    expect(throttledNsOf("nr_periods 9\nnr_throttled 3\nthrottled_time 7\n")).toBe(7);
    expect(throttledNsOf("usage_usec 5\n")).toBeNull();
  });

  test("groups are looked for up to the root", () => {
    expect(statPaths("0::/a/b\n")).toContain("/sys/fs/cgroup/a/cpu.stat");
    expect(statPaths("0::/a/b\n")).toContain("/sys/fs/cgroup/cpu.stat");
    expect(statPaths("4:memory:/a\n3:cpu,cpuacct:/a\n")).toContain("/sys/fs/cgroup/cpu/a/cpu.stat");
    expect(statPaths("4:memory:/a\n")).toEqual([]);
  });
});

describe("a gap", () => {
  /** Looks due every ms: how late each is, and how much of the time before it is explained. */
  const gapsOf = (looks: readonly (readonly [lateMs: number, explainedMs: number])[]): GapFinder => {
    let explainedNs = 0;
    const finder = new GapFinder(() => explainedNs);
    looks.forEach(([lateMs, explainedMs], index) => {
      explainedNs += explainedMs * MS;
      finder.look((index + 1) * MS, (index + 1 + lateMs) * MS);
    });
    return finder;
  };

  test("is lateness that neither work nor a wait for a core explains", () => {
    const { gaps, longestNs } = gapsOf([
      [0, 0.1],
      [100, 0.2],
    ]);
    expect(gaps).toEqual([{ endNs: 102 * MS, lengthNs: expect.closeTo(99.7 * MS, -6) }]);
    expect(longestNs).toBe(gaps[0]?.lengthNs);
  });

  test("is not what the trial's own threads do: a thread that waits for a core is in a queue", () => {
    expect(gapsOf([[100, 100]]).gaps).toEqual([]);
  });

  test("is what is left where a queue explains a part", () => {
    expect(gapsOf([[100, 60]]).gaps).toEqual([{ endNs: 101 * MS, lengthNs: 40 * MS }]);
  });

  test("is not a wait between the reading of the clock and that of the kernel's figures", () => {
    expect(
      gapsOf([
        [0, 30],
        [29, 0.1],
      ]).gaps,
    ).toEqual([]);
  });

  test.skipIf(openExcuses(2) === null)(
    "is seen by the kernel's own figures: this thread's time grows while it works",
    () => {
      const read = openExcuses(2);
      assert(read !== null);
      const before = read();
      // The kernel adds up a running thread's time at its ticks, and others may have the core.
      const start = performance.now();
      while (read() - before < 20 * MS && performance.now() - start < 10_000);
      expect(read() - before).toBeGreaterThanOrEqual(20 * MS);
    },
  );
});

describe("samples of the machine", () => {
  /** Two CPUs; the columns are sums at the instants 0, 100, 200 … ms. */
  const script = (own: readonly number[], idle: readonly number[], steal: readonly number[]): Sources => {
    let row = -1;
    return {
      machine: {
        cpuCount: 2,
        read: () => {
          row++;
          return { idleNs: (idle[row] ?? 0) * MS, stealNs: (steal[row] ?? 0) * MS };
        },
      },
      ownCpuNs: () => (own[row] ?? 0) * MS,
      throttledNs: () => 7 + row,
      excusesNs: null,
    };
  };

  test("tell what others took: what of the time was neither idle nor stolen nor isoload's", () => {
    const sources = script([1000, 1050, 1100], [5000, 5140, 5190], [0, 0, 30]);
    const board = new SensorBoard(sources, { nowNs: -20 * MS, limitNs: 1e9 });
    board.look(0, 50 * MS);
    board.look(0, 80 * MS);
    expect(board.report(180 * MS)).toEqual({
      machine: {
        cpuCount: 2,
        atNs: [-20 * MS, 80 * MS, 180 * MS],
        foreignNs: [0, 10 * MS, 80 * MS],
        stealNs: [0, 0, 30 * MS],
        throttledNs: [0, 1, 2],
      },
      gaps: null,
    });
  });

  test("of a long trial are fewer a second, so that there is room for all", () => {
    const sources = script([], [], []);
    const board = new SensorBoard(sources, { nowNs: 0, limitNs: 1200e9 });
    for (let ms = 1; ms <= 1_200_000; ms += 50) board.look(ms * MS, ms * MS);
    const atNs = board.report(1200e9)?.machine?.atNs ?? [];
    expect(atNs.length).toBeLessThanOrEqual(1200);
    expect(atNs.at(-1)).toBe(1200e9);
  });

  test("are null where the machine tells nothing", () => {
    const sources: Sources = { machine: null, ownCpuNs: () => 0, throttledNs: null, excusesNs: null };
    expect(new SensorBoard(sources, { nowNs: 0, limitNs: 1e9 }).report(1e9)).toBeNull();
  });

  test.skipIf(openMachineCpu() === null)(
    "of this machine are whole: others took no more than there is",
    () => {
      const sources = openSources({ peerPid: null, coreCount: 2 });
      assert(sources.machine !== null);
      const { cpuCount } = sources.machine;
      const startMs = performance.now();
      const nowNs = (): number => (performance.now() - startMs) * MS;
      const board = new SensorBoard(sources, { nowNs: 0, limitNs: 1e9 });
      const ownBefore = ownCpuNs();
      while (nowNs() < 300 * MS);
      expect(ownCpuNs() - ownBefore).toBeGreaterThan(0);
      const foreignNs = board.report(nowNs())?.machine?.foreignNs.at(-1) ?? Number.NaN;
      // Off by a unit of 10 ms a CPU, and a tick of the kernel.
      expect(foreignNs).toBeGreaterThan(-30 * MS * cpuCount);
      expect(foreignNs).toBeLessThan(cpuCount * (nowNs() + 40 * MS));
      expect(openMachineCpu()?.cpuCount).toBe(cpuCount);
      expect(openProcessCpu(process.pid)?.()).toBeGreaterThan(0);
    },
  );
});

describe("the clock on the wall", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  const trace: Trace = build(
    { classes: [{ name: "a" }], measured: "a", windowNs: 0, connectionCount: 0, streams: [] },
    1,
    { periodNs: 0 },
  );

  /** The longest gap that the sensors see in a trial of 60 ms by this clock. */
  async function sensed(clock: () => number): Promise<number> {
    const board = new SensorBoard(
      { machine: null, ownCpuNs: () => 0, throttledNs: null, excusesNs: () => 0 },
      { nowNs: 0, limitNs: 1e9 },
    );
    const open = { ...trace, windowNs: 60 * MS };
    const records = allocateRecords(shapeFor(open, 1));
    Atomics.store(records.headerI32, recordsHeaderRow.index.releaseEnded, 1);
    await watchTrial({
      trace: open,
      records,
      clock,
      hasLeft: () => false,
      onProgress: () => undefined,
      onLook: (dueNs, nowNs) => board.look(dueNs, nowNs),
    });
    return board.report(60 * MS)?.gaps?.longestNs ?? Number.NaN;
  }

  test("may be stepped under a trial: nothing is seen of it", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const wallMs = Date.now();
    let reading = 0;
    const longestNs = await sensed(() => {
      if (reading === 40) vi.setSystemTime(wallMs + 3_600_000);
      return reading++ * 0.5 * MS;
    });
    expect(Date.now() - wallMs).toBeGreaterThanOrEqual(3_600_000);
    expect(longestNs).toBeLessThan(2 * MS);
  });

  test("would be seen if the trial ran by it", async () => {
    let reading = 0;
    const longestNs = await sensed(() => reading++ * 0.5 * MS + (reading > 40 ? 30 * MS : 0));
    expect(longestNs).toBeGreaterThan(28 * MS);
  });
});
