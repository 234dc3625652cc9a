/** What is true of this machine while a run is measured. */
import { arch, cpus, loadavg, platform, release, totalmem } from "node:os";
import type { Environment } from "../trial/trial.ts";
import { isoloadVersion } from "../trial/version.ts";
import { calibrate } from "./calibration.ts";
import type { Cores } from "./cores.ts";

/** Takes 150 ms, for the calibration. `tokioVersion` is null where the addon is missing. */
export function observeEnvironment(cores: Cores, tokioVersion: string | null): Environment {
  return {
    isoloadVersion,
    nodeVersion: process.version,
    v8Version: process.versions.v8,
    tokioVersion,
    platform: `${platform()} ${arch()}`,
    kernel: release(),
    cpuModel: cpus()[0]?.model.trim() || "unknown",
    coreCount: cores.count,
    coreCountSource: cores.source,
    memoryBytes: totalmem(),
    loadAverage1m: loadavg()[0] ?? 0,
    calibration: calibrate(),
  };
}

const identity = [
  "nodeVersion",
  "tokioVersion",
  "platform",
  "kernel",
  "cpuModel",
  "coreCount",
] as const satisfies (keyof Environment)[];

/** In what two machines differ that makes their trials incomparable, as sentences. */
export function differences(before: Environment, now: Environment): string[] {
  return identity
    .filter((key) => before[key] !== now[key])
    .map((key) => `${key} was ${before[key]} and is ${now[key]}`);
}
