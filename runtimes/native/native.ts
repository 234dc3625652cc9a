/** Real Tokio: the two runtimes of the Rust addon. The addon is loaded in a process's main thread only. */
import { strict as assert } from "node:assert";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type OpName, opNames } from "../../workloads/trace/op.ts";
import type { Availability, Runtime, RuntimeSettings, RuntimeStats, StartedRuntime } from "../runtime.ts";
import { layoutFingerprint } from "./layouts.ts";

/** What the addon exports; see `src/lib.rs`. The functions below `start` compare the two languages in tests. */
export interface Addon {
  tokioVersion(): string;
  layoutFingerprint(): string;
  start(settings: StartSettings): Promise<StartedTrial>;
  burn(seed: number, units: number): number;
  fold(checksum: number, value: number): number;
  opSeed(taskSeed: number, pc: number): number;
  payload(seed: number, bytes: number): Uint8Array;
  payloadResult(received: Uint8Array): number;
  canariesDueNs(trace: Uint8Array, count: number): number[];
  referenceChecksums(trace: Uint8Array): Uint32Array;
  clockNs(): number;
}

interface StartSettings {
  readonly isMultiThread: boolean;
  readonly workerCount: number;
  readonly coreCount: number;
  /** The addon keeps the three arrays for the life of the process; nobody writes the traces from here on. */
  readonly trace: Uint8Array;
  readonly records: Uint8Array;
  readonly warmUp: Uint8Array;
  readonly peerPort?: number;
}

interface StartedTrial {
  execute(): Promise<RuntimeStats>;
  stop(): void;
}

const addonPath: string = fileURLToPath(new URL("../../../runtimes/native/isoload.node", import.meta.url));

const remedy = "Install Rust with cargo from https://rustup.rs and run `npm run build`.";

const nativeOps: ReadonlySet<OpName> = new Set(opNames);

export const native: Runtime = {
  name: "native",
  summary: "Tokio's multi_thread scheduler, in a Rust addon",
  workers: "many",
  time: "live",
  options: {},
  ops: nativeOps,
  availability: () => availabilityOf(addonPath),
  start: (settings) => startAddon(settings, true),
};

export const nativeCurrentThread: Runtime = {
  name: "native-current-thread",
  summary: "Tokio's current_thread scheduler, in a Rust addon",
  workers: "one",
  time: "live",
  options: {},
  ops: nativeOps,
  availability: () => availabilityOf(addonPath),
  start: (settings) => startAddon(settings, false),
};

/** Whether the addon at `path` can be used here, and the Tokio in it. */
export function availabilityOf(path: string): Availability {
  const loaded = loadAddon(path);
  return "reason" in loaded
    ? { available: false, reason: loaded.reason }
    : { available: true, version: `tokio ${loaded.addon.tokioVersion()}` };
}

/** The addon, or in one or two sentences why not and what to do. */
export function loadAddon(path: string = addonPath): { addon: Addon } | { reason: string } {
  if (process.platform !== "linux") {
    return { reason: `the native runtimes are for Linux; this is ${process.platform}.` };
  }
  if (!existsSync(path)) return { reason: `the addon ${path} has not been built. ${remedy}` };
  let addon: Addon;
  try {
    addon = createRequire(import.meta.url)(path) as Addon;
  } catch (error) {
    return { reason: `the addon ${path} does not load: ${(error as Error).message}. ${remedy}` };
  }
  return addon.layoutFingerprint() === layoutFingerprint()
    ? { addon }
    : { reason: `the addon ${path} was built for other records than this isoload's. ${remedy}` };
}

async function startAddon(settings: RuntimeSettings, isMultiThread: boolean): Promise<StartedRuntime> {
  const { workerCount, coreCount, trace, records, warmUp, peerPort } = settings;
  assert(isMultiThread || workerCount === 1, `native-current-thread runs one worker, not ${workerCount}`);
  const loaded = loadAddon();
  if ("reason" in loaded) throw new Error(loaded.reason);
  const trial = await loaded.addon.start({
    isMultiThread,
    workerCount,
    coreCount,
    trace: trace.bytes,
    records: records.bytes,
    warmUp: warmUp.bytes,
    ...(peerPort === null ? {} : { peerPort }),
  });
  return { execute: () => trial.execute(), stop: () => trial.stop() };
}
