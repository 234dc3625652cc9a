/**
 * What on this machine would spoil results: one finding a question, each with a verdict and a remedy.
 *
 * `bad`: trials would be invalid or fail. `fair`: results are right and less than they could be.
 */
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Runtime } from "../../runtimes/runtime.ts";
import { calibrate } from "./calibration.ts";
import type { Cores } from "./cores.ts";

export interface Finding {
  readonly name: string;
  /** With its unit, as it is shown. */
  readonly value: string;
  readonly verdict: "good" | "fair" | "bad" | "unknown";
  /** What to do about it; empty where there is nothing to do. */
  readonly remedy: string;
}

/** Foreign CPU above this many cores makes a trial invalid; start value, see the validity rules. */
const FOREIGN_CORES_LIMIT = 0.3;
const OBSERVED_MS = 1000;
/** What the widest default needs: 64 connections, both ends in this user's processes, and Node's own files. */
const OPEN_FILES_NEEDED = 256;
const CLOCK_READ_LIMIT_NS = 200;
const OVERSHOOT_LIMIT_NS = 1e6;

/** Takes a little more than a second; start nothing else meanwhile. */
export async function examine(cores: Cores, runtimes: readonly Runtime[]): Promise<readonly Finding[]> {
  const calibration = calibrate();
  const before = readCpuTimes();
  const own = process.cpuUsage();
  await delay(OBSERVED_MS);
  const ownTime = process.cpuUsage(own);
  const after = readCpuTimes();
  return [
    coresFinding(cores),
    quotaFinding(cores),
    throttlingFinding(),
    loadFinding(cores),
    ...cpuFindings(before, after, (ownTime.user + ownTime.system) / 1e6),
    governorFinding(),
    openFilesFinding(),
    ...runtimes.filter(({ time }) => time === "live").map(runtimeFinding),
    {
      name: "clock read",
      value: `${calibration.clockReadNs.toFixed(0)} ns`,
      ...(calibration.clockReadNs <= CLOCK_READ_LIMIT_NS
        ? { verdict: "good", remedy: "" }
        : {
            verdict: "fair",
            remedy: "The clock source is slow: choose tsc, or expect short tasks to look longer.",
          }),
    },
    {
      name: "sleep overshoot",
      value: `${(calibration.sleepOvershootNs / 1e3).toFixed(0)} us`,
      ...(calibration.sleepOvershootNs <= OVERSHOOT_LIMIT_NS
        ? { verdict: "good", remedy: "" }
        : {
            verdict: "bad",
            remedy: "Threads wake late: stop what else runs, or leave this virtual machine.",
          }),
    },
  ];
}

function coresFinding({ count, source }: Cores): Finding {
  const value = `${count}, by ${source}`;
  if (count > 1) return { name: "cores", value, verdict: "good", remedy: "" };
  return {
    name: "cores",
    value,
    verdict: "fair",
    remedy: "With one core no runtime can run in parallel: use a machine with at least two.",
  };
}

function quotaFinding({ quotaCpus, count }: Cores): Finding {
  if (quotaCpus === null) return { name: "cgroup quota", value: "none", verdict: "good", remedy: "" };
  return {
    name: "cgroup quota",
    value: `${quotaCpus} CPUs`,
    ...(Number.isInteger(quotaCpus) || quotaCpus > count
      ? { verdict: "fair", remedy: "A quota throttles bursts: give whole cores to the container by cpuset." }
      : {
          verdict: "bad",
          remedy: `All ${count} threads busy will be throttled: raise the quota to ${count} CPUs.`,
        }),
  };
}

/** From cpu.stat of the own cgroup (v2); counts since the cgroup was made. */
function throttlingFinding(): Finding {
  const match = /^nr_throttled (\d+)$/m.exec(readText("/sys/fs/cgroup/cpu.stat") ?? "");
  if (match === null)
    return { name: "throttled so far", value: "not readable", verdict: "unknown", remedy: "" };
  const isClean = match[1] === "0";
  return {
    name: "throttled so far",
    value: `${match[1]} periods`,
    verdict: isClean ? "good" : "fair",
    remedy: isClean ? "" : "Raise the container's CPU quota.",
  };
}

function loadFinding({ count }: Cores): Finding {
  const load = loadavg()[0] ?? 0;
  const isLow = load <= 0.5 * count;
  return {
    name: "load average, 1 m",
    value: load.toFixed(2),
    verdict: isLow ? "good" : "fair",
    remedy: isLow ? "" : "Other work ran in the last minute: wait until it has ended.",
  };
}

interface CpuTimes {
  readonly busyS: number;
  readonly stealS: number;
}

/** /proc/stat counts in hundredths of a second (USER_HZ, proc(5)); null where it is missing. */
function readCpuTimes(): CpuTimes | null {
  const line = /^cpu +(.+)$/m.exec(readText("/proc/stat") ?? "");
  if (line === null) return null;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (line[1] ?? "")
    .split(" ")
    .map(Number);
  return { busyS: (user + nice + system + irq + softirq) / 100, stealS: steal / 100 };
}

function cpuFindings(before: CpuTimes | null, after: CpuTimes | null, ownS: number): Finding[] {
  if (before === null || after === null) {
    const missing = { value: "not readable", verdict: "unknown", remedy: "" } as const;
    return [
      { name: "foreign CPU", ...missing },
      { name: "steal", ...missing },
    ];
  }
  const foreignCores = Math.max(0, after.busyS - before.busyS - ownS) / (OBSERVED_MS / 1e3);
  const stealS = after.stealS - before.stealS;
  const isQuiet = foreignCores <= FOREIGN_CORES_LIMIT;
  return [
    {
      name: "foreign CPU",
      value: `${foreignCores.toFixed(2)} cores over 1 s`,
      verdict: isQuiet ? "good" : "bad",
      remedy: isQuiet ? "" : "Other processes take the cores that are to be measured: stop them.",
    },
    {
      name: "steal",
      value: `${(stealS * 1e3).toFixed(0)} ms in 1 s`,
      verdict: stealS === 0 ? "good" : "bad",
      remedy: stealS === 0 ? "" : "The host takes the CPU away: use a machine of your own.",
    },
  ];
}

function governorFinding(): Finding {
  const governor = readText("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")?.trim() ?? null;
  if (governor === null)
    return { name: "CPU governor", value: "not readable", verdict: "unknown", remedy: "" };
  const isFixed = governor === "performance";
  return {
    name: "CPU governor",
    value: governor,
    verdict: isFixed ? "good" : "fair",
    remedy: isFixed ? "" : "Frequencies will vary: cpupower frequency-set -g performance.",
  };
}

function openFilesFinding(): Finding {
  const match = /^Max open files +(\S+)/m.exec(readText("/proc/self/limits") ?? "");
  if (match === null) return { name: "open files", value: "not readable", verdict: "unknown", remedy: "" };
  const limit = match[1] === "unlimited" ? Number.POSITIVE_INFINITY : Number(match[1]);
  const isEnough = limit >= OPEN_FILES_NEEDED;
  return {
    name: "open files",
    value: String(match[1]),
    verdict: isEnough ? "good" : "bad",
    remedy: isEnough ? "" : `tcp-echo needs ${OPEN_FILES_NEEDED}: ulimit -n 4096.`,
  };
}

function runtimeFinding(runtime: Runtime): Finding {
  const availability = runtime.availability();
  return availability.available
    ? { name: runtime.name, value: availability.version, verdict: "good", remedy: "" }
    : { name: runtime.name, value: "missing", verdict: "fair", remedy: availability.reason };
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not on Linux, or hidden from this container: the finding reads "not readable".
    return null;
  }
}
