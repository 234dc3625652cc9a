/** How this machine is set up, as far as it tells: what is not readable is said to be unknown. */
import { parseCpuList } from "../trial/machine-cpu.ts";
import type { Cores, ReadText } from "./cores.ts";
import { type Finding, finding, unknown } from "./finding.ts";

/** What the findings are read from. */
export interface Sources {
  readonly read: ReadText;
  /** The names in a folder, or null where there is none. */
  readonly list: (path: string) => readonly string[] | null;
  /** Memory that this process could still get, the cgroup's limit included. */
  readonly availableBytes: number;
  readonly loadAverage1m: number;
  /** What changes how Node works: NODE_OPTIONS and flags. */
  readonly nodeOptions: string;
}

/** What the widest default needs: 64 connections, both ends in this user's processes, and Node's own files. */
const OPEN_FILES_NEEDED = 256;
/** The trace of 10^7 tasks, the most that a plan may have, takes 80 bytes a task, and its records 64. */
const LARGEST_BYTES = 1.5e9;
/** What isoload and a trial of a default workload take, twice over. */
const LEAST_BYTES = 512e6;

export function settingsFindings(cores: Cores, sources: Sources): Finding[] {
  return [
    coresFinding(cores),
    quotaFinding(cores),
    throttledFinding(sources),
    loadFinding(cores, sources),
    siblingsFinding(sources),
    virtualFinding(sources),
    governorFinding(sources),
    turboFinding(sources),
    powerFinding(sources),
    memoryFinding(sources),
    openFilesFinding(sources),
    nodeFinding(sources),
  ];
}

function coresFinding({ count, source }: Cores): Finding {
  const remedy = "With one core no runtime can run in parallel: use a machine with at least two.";
  return finding("cores", `${count}, by ${source}`, count > 1 ? null : { verdict: "fair", remedy });
}

function quotaFinding({ quotaCpus, count }: Cores): Finding {
  if (quotaCpus === null) return finding("cgroup quota", "none");
  return finding(
    "cgroup quota",
    `${quotaCpus} CPUs`,
    Number.isInteger(quotaCpus) || quotaCpus > count
      ? { verdict: "fair", remedy: "A quota throttles bursts: give whole cores to the container by cpuset." }
      : {
          verdict: "bad",
          remedy: `All ${count} threads busy will be throttled: raise the quota to ${count} CPUs.`,
        },
  );
}

/** From cpu.stat of the own cgroup (v2); counts since the cgroup was made. */
function throttledFinding({ read }: Sources): Finding {
  const periods = /^nr_throttled (\d+)$/m.exec(read("/sys/fs/cgroup/cpu.stat") ?? "")?.[1];
  if (periods === undefined) return unknown("throttled so far");
  const trouble = { verdict: "fair", remedy: "Raise the container's CPU quota." } as const;
  return finding("throttled so far", `${periods} periods`, periods === "0" ? null : trouble);
}

function loadFinding({ count }: Cores, { loadAverage1m }: Sources): Finding {
  const remedy = "Other work ran in the last minute: wait until it has ended.";
  return finding(
    "load average, 1 m",
    loadAverage1m.toFixed(2),
    loadAverage1m <= 0.5 * count ? null : { verdict: "fair", remedy },
  );
}

/** Whether two of the CPUs that isoload may use are threads of one core. */
function siblingsFinding({ read }: Sources): Finding {
  const name = "CPUs that share a core";
  const allowed = /^Cpus_allowed_list:\s*(\S+)/m.exec(read("/proc/self/status") ?? "")?.[1];
  if (allowed === undefined) return unknown(name);
  const cpus = [...parseCpuList(allowed)];
  const siblings = cpus.map((cpu) => read(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`));
  if (siblings.includes(null)) return unknown(name);
  const sharing = siblings.filter((list) => {
    const core = parseCpuList(list ?? "");
    return cpus.filter((cpu) => core.has(cpu)).length > 1;
  });
  const remedy = "Two threads of one core are not as fast as two cores: switch SMT off, or read counts so.";
  return finding(
    name,
    `${sharing.length} of ${cpus.length}`,
    sharing.length === 0 ? null : { verdict: "fair", remedy },
  );
}

/** x86 processors tell a guest that it is one; others do not. */
function virtualFinding({ read }: Sources): Finding {
  const flags = /^flags\s*:(.*)$/m.exec(read("/proc/cpuinfo") ?? "")?.[1];
  if (flags === undefined) return unknown("virtual machine");
  const remedy = "The host's neighbours and clock speed are out of sight: compare within one run only.";
  return flags.split(" ").includes("hypervisor")
    ? finding("virtual machine", "yes", { verdict: "fair", remedy })
    : finding("virtual machine", "no");
}

function governorFinding({ read }: Sources): Finding {
  const governor = read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")?.trim();
  if (governor === undefined) return unknown("CPU governor");
  const remedy = "Frequencies will vary: cpupower frequency-set -g performance.";
  return finding("CPU governor", governor, governor === "performance" ? null : { verdict: "fair", remedy });
}

/** Kernel documents admin-guide/pm/intel_pstate (no_turbo) and cpufreq (boost). */
function turboFinding({ read }: Sources): Finding {
  const noTurbo = read("/sys/devices/system/cpu/intel_pstate/no_turbo")?.trim();
  const boost = read("/sys/devices/system/cpu/cpufreq/boost")?.trim();
  if (noTurbo === undefined && boost === undefined) return unknown("turbo");
  const isOff = noTurbo === "1" || boost === "0";
  const remedy = `The clock falls with heat and busy cores: ${noTurbo === undefined ? "echo 0 > /sys/devices/system/cpu/cpufreq/boost" : "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo"} as root.`;
  return finding("turbo", isOff ? "off" : "on", isOff ? null : { verdict: "fair", remedy });
}

/** Kernel document ABI/testing/sysfs-class-power. */
function powerFinding({ read, list }: Sources): Finding {
  const supplies = list("/sys/class/power_supply");
  if (supplies === null) return unknown("power");
  const statusOf = (supply: string): string | undefined =>
    read(`/sys/class/power_supply/${supply}/type`)?.trim() === "Battery"
      ? read(`/sys/class/power_supply/${supply}/status`)?.trim()
      : undefined;
  const isDischarging = supplies.map(statusOf).includes("Discharging");
  const remedy = "Power saving slows the CPU: plug the machine in.";
  return isDischarging
    ? finding("power", "from a battery", { verdict: "fair", remedy })
    : finding("power", "no battery in use");
}

function memoryFinding({ availableBytes }: Sources): Finding {
  const value = `${(availableBytes / 1e9).toFixed(1)} GB available`;
  if (availableBytes < LEAST_BYTES) {
    const remedy = "Trials may be killed or swapped out: free some memory, or raise the container's limit.";
    return finding("memory", value, { verdict: "bad", remedy });
  }
  const remedy = "The largest plans, of ten million tasks a trial, need 1.5 GB.";
  return finding("memory", value, availableBytes < LARGEST_BYTES ? { verdict: "fair", remedy } : null);
}

function openFilesFinding({ read }: Sources): Finding {
  const limit = /^Max open files +(\S+)/m.exec(read("/proc/self/limits") ?? "")?.[1];
  if (limit === undefined) return unknown("open files");
  const isEnough = limit === "unlimited" || Number(limit) >= OPEN_FILES_NEEDED;
  const remedy = `tcp-echo needs ${OPEN_FILES_NEEDED}: ulimit -n 4096.`;
  return finding("open files", limit, isEnough ? null : { verdict: "bad", remedy });
}

/** A trial's process inherits neither; the calibration and the analysis do. */
function nodeFinding({ nodeOptions }: Sources): Finding {
  const remedy = "isoload's own process obeys them, and trials do not: unset NODE_OPTIONS, drop the flags.";
  return nodeOptions === ""
    ? finding("Node options", "none")
    : finding("Node options", nodeOptions, { verdict: "fair", remedy });
}
