import { expect, test } from "vitest";
import { readCores } from "./cores.ts";

const readFrom =
  (files: Readonly<Record<string, string>>) =>
  (path: string): string | null =>
    files[path] ?? null;

test("without a cgroup the affinity counts", () => {
  expect(readCores(8, () => null)).toEqual({ count: 8, source: "affinity", quotaCpus: null });
});

test.each([
  ["150000 100000\n", 2, "cgroup quota"],
  ["50000 100000\n", 1, "cgroup quota"],
  ["800000 100000\n", 8, "affinity"],
  ["max 100000\n", 8, "affinity"],
  ["nonsense", 8, "affinity"],
])("cpu.max %j on 8 CPUs makes %d cores, by %s", (cpuMax, count, source) => {
  const read = readFrom({ "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/cpu.max": cpuMax });
  expect(readCores(8, read)).toMatchObject({ count, source });
});

test("a quota of a parent cgroup holds for its children", () => {
  const read = readFrom({
    "/proc/self/cgroup": "0::/a/b\n",
    "/sys/fs/cgroup/a/b/cpu.max": "max 100000",
    "/sys/fs/cgroup/a/cpu.max": "300000 100000",
    "/sys/fs/cgroup/cpu.max": "max 100000",
  });
  expect(readCores(8, read)).toEqual({ count: 3, source: "cgroup quota", quotaCpus: 3 });
});

test("a quota of the first version of cgroups counts, and -1 is none", () => {
  const files = {
    "/proc/self/cgroup": "12:cpu,cpuacct:/job\n1:name=systemd:/\n0::/\n",
    "/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "250000\n",
    "/sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n",
    "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
    "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
  };
  expect(readCores(8, readFrom(files))).toEqual({ count: 3, source: "cgroup quota", quotaCpus: 2.5 });
});
