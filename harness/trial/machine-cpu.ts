/**
 * How long the machine's CPUs were idle or stolen, from /proc/stat.
 *
 * What was busy is what is left of the time. The kernel's own counters of busy time are samples taken at its
 * ticks, and the trial's threads wake at its ticks: beside a 1 kHz thread that worked 0.3 ms a time they were off
 * by −0.26 to −0.30 of a core (medians of 2 × 40 windows of 100 ms, 250 Hz kernel), in what was left of the idle
 * time by 0.02 to 0.05. Idle and stolen time are clocked to the nanosecond and shown in units of 10 ms, so a
 * difference of two readings is off by less than 10 ms a CPU.
 */
import { readFileSync } from "node:fs";
import { ProcFile } from "./proc-file.ts";

/** proc(5): the unit is sysconf(_SC_CLK_TCK) a second, which is 100 on every Linux that Node runs on. */
const JIFFY_NS = 10e6;
const LINE_BYTES = 256;
/** proc_stat(5): user nice system idle iowait irq softirq steal …. */
const IDLE = 4;
const IO_WAIT = 5;
const STEAL = 8;

/** Sums over the CPUs since the machine started. */
export interface MachineCpu {
  readonly idleNs: number;
  readonly stealNs: number;
}

export interface MachineCpuReader {
  /** CPUs that this process may run on: those that are watched. */
  readonly cpuCount: number;
  /** null: it cannot be read any more. */
  read(): MachineCpu | null;
}

/** null where there is no /proc/stat. */
export function openMachineCpu(): MachineCpuReader | null {
  const cpus = allowedCpus();
  if (cpus === null) return null;
  const file = ProcFile.open("/proc/stat", LINE_BYTES * (2 + Math.max(...cpus)));
  if (file === null) return null;
  return {
    cpuCount: cpus.size,
    read: () => (file.read() ? sumOf(file.text(), cpus) : null),
  };
}

/** The sums over the lines of `cpus` in the text of /proc/stat. */
export function sumOf(text: string, cpus: ReadonlySet<number>): MachineCpu {
  let idle = 0;
  let steal = 0;
  for (const line of text.split("\n")) {
    const cpu = /^cpu(\d+) /.exec(line)?.[1];
    if (cpu === undefined || !cpus.has(Number(cpu))) continue;
    const fields = line.split(" ").map(Number);
    idle += (fields[IDLE] ?? 0) + (fields[IO_WAIT] ?? 0);
    steal += fields[STEAL] ?? 0;
  }
  return { idleNs: idle * JIFFY_NS, stealNs: steal * JIFFY_NS };
}

/** proc_pid_status(5): "Cpus_allowed_list: 0-3,8". */
export function parseCpuList(list: string): Set<number> {
  const cpus = new Set<number>();
  for (const part of list.trim().split(",")) {
    const [first = Number.NaN, last = first] = part.split("-").map(Number);
    for (let cpu = first; cpu <= last; cpu++) cpus.add(cpu);
  }
  return cpus;
}

function allowedCpus(): Set<number> | null {
  try {
    const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return list === undefined ? null : parseCpuList(list);
  } catch {
    return null;
  }
}
