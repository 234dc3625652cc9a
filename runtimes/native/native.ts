/** Real Tokio: the two runtimes of the Rust addon. The addon is loaded in a process's main thread only. */
import { strict as assert } from "node:assert";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { choice, count, type ParameterTable, type ParameterValues } from "../../workloads/parameter.ts";
import { type OpName, opNames } from "../../workloads/trace/op.ts";
import {
  type Availability,
  maySpin,
  type Runtime,
  type RuntimeSettings,
  type RuntimeStats,
  type StartedRuntime,
} from "../runtime.ts";
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
  readonly maySpin: boolean;
  /** The addon keeps the three arrays for the life of the process; nobody writes the traces from here on. */
  readonly trace: Uint8Array;
  readonly records: Uint8Array;
  readonly warmUp: Uint8Array;
  readonly peerPort?: number;
  readonly options: TokioOptions;
}

/** undefined: as Tokio does by itself. */
interface TokioOptions {
  readonly hasLifoSlot: boolean | undefined;
  readonly globalInterval: number | undefined;
  readonly eventInterval: number | undefined;
  readonly blockingThreads: number | undefined;
  readonly isDiagnostic: boolean;
}

/** The border between the languages is crossed once a trial for each of these, never for a task. */
interface StartedTrial {
  execute(): Promise<RuntimeStats>;
  stop(): void;
}

const addonPath: string = fileURLToPath(new URL("../../../runtimes/native/isoload.node", import.meta.url));

const builder: string = fileURLToPath(new URL("../../../harness/build-addon.mjs", import.meta.url));

const remedy = `Install Rust with cargo from https://rustup.rs and run: node ${builder}`;

/** Tokio's counters are 32 bits wide. */
const INTERVAL_MAX = 2 ** 32 - 1;
/** Far more threads than a process gets. */
const BLOCKING_THREADS_MAX = 32_768;

/** Tokio's own knobs that both schedulers have, with Tokio's defaults. */
const sharedOptions: ParameterTable = {
  globalInterval: count(
    "ticks between two looks at the global queue; unset: Tokio tunes it (current_thread: 31)",
    { min: 1, max: INTERVAL_MAX, default: undefined },
  ),
  eventInterval: count("ticks between two looks at sockets and timers", {
    min: 1,
    max: INTERVAL_MAX,
    default: 61,
  }),
  blockingThreads: count("threads of the blocking pool, at most", {
    min: 1,
    max: BLOCKING_THREADS_MAX,
    default: 512,
  }),
  diagnostic: choice(
    "on: runtimeStats get Tokio's histograms of poll times and schedule latencies; they read the clock at every poll, so never compare such a trial",
    ["off", "on"],
  ),
};

const multiThreadOptions: ParameterTable = {
  lifo: choice(
    "whether a worker runs the task it woke last at once, before its queue; others cannot steal it",
    ["on", "off"],
  ),
  ...sharedOptions,
};

const nativeOps: ReadonlySet<OpName> = new Set(opNames);

export const native: Runtime = {
  name: "native",
  summary: "Tokio's multi_thread scheduler, in a Rust addon",
  workers: "many",
  time: "live",
  options: multiThreadOptions,
  ops: nativeOps,
  availability: () => availabilityOf(addonPath),
  start: (settings) => startAddon(settings, true),
};

export const nativeCurrentThread: Runtime = {
  name: "native-current-thread",
  summary: "Tokio's current_thread scheduler, in a Rust addon",
  workers: "one",
  time: "live",
  options: sharedOptions,
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
  const { workerCount, trace, records, warmUp, peerPort, options } = settings;
  assert(isMultiThread || workerCount === 1, `native-current-thread runs one worker, not ${workerCount}`);
  const loaded = loadAddon();
  if ("reason" in loaded) throw new Error(loaded.reason);
  const trial = await loaded.addon.start({
    isMultiThread,
    workerCount,
    maySpin: maySpin(settings),
    trace: trace.bytes,
    records: records.bytes,
    warmUp: warmUp.bytes,
    ...(peerPort === null ? {} : { peerPort }),
    options: tokioOptions(options),
  });
  return { execute: () => trial.execute(), stop: () => trial.stop() };
}

function tokioOptions(given: ParameterValues): TokioOptions {
  const number = (name: string): number | undefined =>
    given[name] === undefined ? undefined : Number(given[name]);
  return {
    hasLifoSlot: given.lifo === undefined ? undefined : given.lifo === "on",
    globalInterval: number("globalInterval"),
    eventInterval: number("eventInterval"),
    blockingThreads: number("blockingThreads"),
    isDiagnostic: given.diagnostic === "on",
  };
}
