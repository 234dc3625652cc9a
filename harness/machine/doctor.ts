/**
 * What on this machine would spoil results: one finding a question, the worst first, each with its remedy; and the
 * class of its noise.
 */
import { readdirSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import type { Runtime } from "../../runtimes/runtime.ts";
import type { Calibration } from "../trial/trial.ts";
import { busiest, readProcessTimes } from "./busiest.ts";
import { calibrate } from "./calibration.ts";
import type { Cores } from "./cores.ts";
import { noiseFindings } from "./doctor-noise.ts";
import { type Sources, settingsFindings } from "./doctor-settings.ts";
import { bySeverity, type Finding, finding } from "./finding.ts";
import { type Noise, noiseOf } from "./noise.ts";
import { compareRuns, listen } from "./observe-noise.ts";

export interface Examination {
  /** The worst first. */
  readonly findings: readonly Finding[];
  readonly noise: Noise;
}

const CLOCK_READ_LIMIT_NS = 200;
const OVERSHOOT_LIMIT_NS = 1e6;

/** Takes a little more than four seconds; start nothing else meanwhile. */
export async function examine(cores: Cores, runtimes: readonly Runtime[]): Promise<Examination> {
  const calibration = calibrate();
  const before = readProcessTimes();
  const heard = await listen(cores.count);
  const seen = { before, after: readProcessTimes(), observedNs: heard.observedNs };
  const figures = { ...heard, ...(await compareRuns()) };
  const busy = busiest(seen, [process.pid, process.ppid]);
  const findings = [
    ...noiseFindings(figures, busy),
    ...settingsFindings(cores, machineSources()),
    clockFinding(calibration),
    overshootFinding(calibration),
    ...runtimes.filter(({ time }) => time === "live").map(runtimeFinding),
  ];
  return { findings: bySeverity(findings), noise: noiseOf(figures) };
}

function machineSources(): Sources {
  return {
    read: readText,
    list: listFolder,
    availableBytes: process.availableMemory(),
    loadAverage1m: loadavg()[0] ?? 0,
    nodeOptions: [process.env.NODE_OPTIONS ?? "", ...process.execArgv].join(" ").trim(),
  };
}

function clockFinding({ clockReadNs }: Calibration): Finding {
  const source = readText("/sys/devices/system/clocksource/clocksource0/current_clocksource")?.trim();
  const value = `${clockReadNs.toFixed(0)} ns a reading${source === undefined ? "" : `, by ${source}`}`;
  const remedy = "The clock source is slow: choose tsc, or expect short tasks to look longer.";
  return finding("clock", value, clockReadNs <= CLOCK_READ_LIMIT_NS ? null : { verdict: "fair", remedy });
}

function overshootFinding({ sleepOvershootNs }: Calibration): Finding {
  const remedy = "Threads wake late: stop what else runs, or leave this virtual machine.";
  return finding(
    "sleep overshoot",
    `${(sleepOvershootNs / 1e3).toFixed(0)} us`,
    sleepOvershootNs <= OVERSHOOT_LIMIT_NS ? null : { verdict: "bad", remedy },
  );
}

function runtimeFinding(runtime: Runtime): Finding {
  const availability = runtime.availability();
  return availability.available
    ? finding(runtime.name, availability.version)
    : finding(runtime.name, "missing", { verdict: "fair", remedy: availability.reason });
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // Not on Linux, or hidden from this container: the finding reads "not readable".
    return null;
  }
}

function listFolder(path: string): readonly string[] | null {
  try {
    return readdirSync(path);
  } catch {
    // As above.
    return null;
  }
}
