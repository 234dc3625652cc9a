/**
 * How long this process's control groups were kept from the CPU by a quota: cgroup-v2 (`throttled_usec` of
 * cpu.stat) and scheduler/sched-bwc (`throttled_time`, ns) of the kernel's documents. A group is throttled with
 * its parents, so all of them count.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ProcFile } from "./proc-file.ts";

const LIMIT_BYTES = 1024;
const MOUNTS_V1 = ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"];
const MOUNTS_V2 = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/** Reads Σ of the groups' throttled time; null where no group tells one. */
export function openThrottling(): (() => number) | null {
  let memberships: string;
  try {
    memberships = readFileSync("/proc/self/cgroup", "utf8");
  } catch {
    return null;
  }
  const files = statPaths(memberships)
    .map((path) => ProcFile.open(path, LIMIT_BYTES))
    .filter((file) => file !== null)
    .filter((file) => file.read() && throttledNsOf(file.text()) !== null);
  if (files.length === 0) return null;
  return () => files.reduce((sum, file) => sum + (file.read() ? (throttledNsOf(file.text()) ?? 0) : 0), 0);
}

/** Where a group of these memberships (/proc/self/cgroup) or a parent of it may have its cpu.stat. */
export function statPaths(memberships: string): string[] {
  const paths = memberships.split("\n").flatMap((line) => {
    const [hierarchy, controllers, path] = line.split(":", 3);
    if (hierarchy === undefined || controllers === undefined || path === undefined) return [];
    const isV2 = hierarchy === "0" && controllers === "";
    if (!isV2 && !controllers.split(",").includes("cpu")) return [];
    return (isV2 ? MOUNTS_V2 : MOUNTS_V1).flatMap((mount) =>
      selfAndParents(path).map((group) => join(mount, group, "cpu.stat")),
    );
  });
  return [...new Set(paths)];
}

/** null: this group has no quota to be throttled by, or its kernel counts none. */
export function throttledNsOf(text: string): number | null {
  const usec = /^throttled_usec (\d+)$/m.exec(text)?.[1];
  if (usec !== undefined) return Number(usec) * 1e3;
  const ns = /^throttled_time (\d+)$/m.exec(text)?.[1];
  return ns === undefined ? null : Number(ns);
}

/** Up to the root, which comes last. */
function selfAndParents(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...selfAndParents(parent)];
}
