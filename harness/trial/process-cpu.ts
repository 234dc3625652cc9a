/** CPU time of a process, all of its threads, those that have ended too. */
import { ProcFile } from "./proc-file.ts";

/** proc(5): the unit is sysconf(_SC_CLK_TCK) a second, which is 100 on every Linux that Node runs on. */
const JIFFY_NS = 10e6;
const LIMIT_BYTES = 1024;
/** proc_pid_stat(5): fields 14 and 15, counted behind the command's name, which may contain anything. */
const USER_TIME = 11;
const SYSTEM_TIME = 12;

/** Of another process, in units of 10 ms; null where there is no /proc. Of one that has ended, what it had last. */
export function openProcessCpu(pid: number): (() => number) | null {
  const file = ProcFile.open(`/proc/${pid}/stat`, LIMIT_BYTES);
  if (file === null) return null;
  let lastNs = 0;
  return () => {
    if (file.read()) lastNs = cpuNsOf(file.text());
    return lastNs;
  };
}

/** From the text of /proc/<pid>/stat. */
export function cpuNsOf(text: string): number {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * JIFFY_NS;
}

/** Of this process. */
export function ownCpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1e3;
}
