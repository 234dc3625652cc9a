/**
 * The number of cores this process may use: its CPU affinity, or a smaller CPU quota of its cgroups.
 *
 * A container with a quota of 1.5 CPUs on a machine of 64 has 2 cores here. The kernel's documents:
 * admin-guide/cgroup-v2 (cpu.max) and scheduler/sched-bwc (cpu.cfs_quota_us).
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";

export interface Cores {
  readonly count: number;
  readonly source: "affinity" | "cgroup quota";
  /** CPUs the tightest cgroup grants, fractions included; null: no quota, or none that can be read. */
  readonly quotaCpus: number | null;
}

/** Reads a file's text, or null where there is none. */
export type ReadText = (path: string) => string | null;

/** Call once and hand the result on: the number must not change within a run. */
export function readCores(affinity: number = availableParallelism(), read: ReadText = readText): Cores {
  const quotaCpus = tightestQuota(read);
  if (quotaCpus !== null && Math.ceil(quotaCpus) < affinity) {
    return { count: Math.max(1, Math.ceil(quotaCpus)), source: "cgroup quota", quotaCpus };
  }
  return { count: affinity, source: "affinity", quotaCpus };
}

/** The least quota on the way from this process's cgroup to the root, in both hierarchies. */
function tightestQuota(read: ReadText): number | null {
  const quotas = (read("/proc/self/cgroup") ?? "").split("\n").flatMap((line) => {
    const [hierarchy, controllers, path] = line.split(":", 3);
    if (hierarchy === undefined || controllers === undefined || path === undefined) return [];
    if (hierarchy === "0" && controllers === "") {
      return ancestors(path).map((at) => quotaV2(read(join("/sys/fs/cgroup", at, "cpu.max"))));
    }
    if (!controllers.split(",").includes("cpu")) return [];
    return ancestors(path).flatMap((at) =>
      ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct"].map((mount) =>
        quotaV1(read(join(mount, at, "cpu.cfs_quota_us")), read(join(mount, at, "cpu.cfs_period_us"))),
      ),
    );
  });
  const known = quotas.filter((quota) => quota !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** The path itself, its parents and the root. */
function ancestors(path: string): string[] {
  const all = [path];
  for (let at = path; at !== "/" && at !== "." && at !== ""; at = dirname(at)) all.push(dirname(at));
  return all;
}

/** "150000 100000" is 1.5 CPUs; "max 100000" is no quota. */
function quotaV2(text: string | null): number | null {
  const match = /^(\d+) (\d+)/.exec(text ?? "");
  return match === null ? null : ratio(Number(match[1]), Number(match[2]));
}

/** A quota of -1 is none. */
function quotaV1(quotaUs: string | null, periodUs: string | null): number | null {
  if (quotaUs === null || periodUs === null) return null;
  return ratio(Number(quotaUs), Number(periodUs));
}

function ratio(quotaUs: number, periodUs: number): number | null {
  return quotaUs > 0 && periodUs > 0 ? quotaUs / periodUs : null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No such hierarchy, or not on Linux: then affinity is all there is to know.
    return null;
  }
}
