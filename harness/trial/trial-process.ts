/**
 * The process of one trial: settings file in, events on the channel to its parent and a sealed record file out.
 *
 * Its main thread is the witness; the runtime lives on other threads, so that the most starved trial yields
 * figures too. It imports nothing of the command line. It ends when its parent dies, however that happens.
 */
import { strict as assert } from "node:assert";
import { createHash } from "node:crypto";
import { readFileSync, writeSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { setImmediate as loopTurn } from "node:timers/promises";
import { runtimes } from "../../runtimes/catalog.ts";
import { monotonicNs } from "../../runtimes/clock.ts";
import { laneThreadIds } from "../../runtimes/lane-sums.ts";
import { type Peer, type PeerCounts, startPeer } from "../../runtimes/peer-process.ts";
import { recordsHeaderRow } from "../../runtimes/record.ts";
import { allocateRecords, type Records } from "../../runtimes/records.ts";
import { shapeFor } from "../../runtimes/records-room.ts";
import type { Runtime, RuntimeStats, StartedRuntime } from "../../runtimes/runtime.ts";
import { loadRuntimeModule } from "../../runtimes/user/module.ts";
import { placeOf } from "../../runtimes/user/module-file.ts";
import { warmUpTrace } from "../../runtimes/warm-up.ts";
import { BLOCK, opNameOf } from "../../workloads/trace/op.ts";
import { decodeTrace, OP_A, OP_CODE, OP_F64, OP_U32, type Trace } from "../../workloads/trace/trace.ts";
import { readShared } from "./aligned-file.ts";
import { say } from "./channel.ts";
import { sealRecords } from "./seal.ts";
import { openSources, SensorBoard, type Sources } from "./sensors.ts";
import { settle } from "./settle.ts";
import { readThreadUsage, type ThreadUsage } from "./thread-usage.ts";
import type { PeerReport, TrialEvent, TrialFacts, TrialResources, TrialSettings } from "./trial.ts";
import { isoloadVersion } from "./version.ts";
import { watchTrial } from "./witness.ts";
import { rehearseWitness } from "./witness-rehearsal.ts";

/** From `execute` to the epoch: time for every thread to be in its loop before the first task is due. */
const LEAD_NS = 20e6;
/** How long a stopped runtime may take to leave, beyond the longest block of the trace. */
const GRACE_NS = 2e9;
/** Nor is one left behind that the machine gave no time: this thread comes round so often at the least. */
const GRACE_TURNS = 100;

/** Of a thread that began after the trial did. */
const UNUSED: ThreadUsage = { cpuNs: 0, runDelayNs: 0, voluntarySwitches: 0, involuntarySwitches: 0 };

const HEADER = recordsHeaderRow.index;

await main(process.argv[2]).catch(die);

async function main(settingsPath: string | undefined): Promise<void> {
  assert(settingsPath !== undefined, "usage: trial-process <settings.json>");
  dieWithParent();
  const settings: TrialSettings = JSON.parse(readFileSync(settingsPath, "utf8"));
  assert(
    settings.isoloadVersion === isoloadVersion,
    `the settings are of isoload ${settings.isoloadVersion}, this is ${isoloadVersion}`,
  );
  const folder = dirname(settingsPath);
  const trace = loadTrace(resolve(folder, settings.tracePath), settings.traceHash);
  const runtime = await findRuntime(settings);
  emit({ event: "loaded" });
  const missing = missingOp(trace, runtime);
  if (missing !== null) {
    emit({ event: "unsupported", op: missing });
    process.exit(0);
  }
  const records = allocateRecords(shapeFor(trace, settings.workerCount));
  const isLive = runtime.time === "live";
  const peer = trace.connectionCount > 0 && isLive ? await startPeer() : null;
  const sources = isLive ? openSources({ peerPid: peer?.pid ?? null, coreCount: settings.coreCount }) : null;
  const starting = runtime.start({
    workerCount: settings.workerCount,
    coreCount: settings.coreCount,
    options: settings.options,
    trace,
    records,
    warmUp: warmUpTrace(peer !== null),
    peerPort: peer?.port ?? null,
    unitNs: settings.unitNs,
  });
  const started = await (sources === null ? starting : atRest(starting, sources));
  const availability = runtime.availability();
  assert(availability.available);
  emit({ event: "ready", isoloadVersion, runtimeVersion: availability.version });
  const execution = { trace, records, started, peer };
  const outcome = await (sources === null ? runVirtual(execution) : runLive(execution, sources));
  await sealRecords(records, resolve(folder, settings.recordsPath));
  peer?.stop();
  emit({ event: "done", facts: { runtimeVersion: availability.version, ...outcome } });
  // Threads of an abandoned runtime may still run; they end with the process.
  process.exit(0);
}

/**
 * What went wrong, whole, and last in one line, with the place in a user's module that it came from: a report quotes
 * the last line of a process that crashed.
 */
function die(error: unknown): never {
  const whole = error instanceof Error ? (error.stack ?? "") : "";
  const [sentence = ""] = String(error).split("\n");
  const place = placeOf(error);
  writeSync(2, `${whole}\n${sentence}${place === null ? "" : ` (${place})`}\n`);
  process.exit(1);
}

async function findRuntime({ runtime: wanted, runtimeModule }: TrialSettings): Promise<Runtime> {
  if (runtimeModule === null) {
    const runtime = runtimes.find(({ name }) => name === wanted);
    assert(runtime !== undefined, `no runtime is called ${wanted}`);
    return runtime;
  }
  const loaded = await loadRuntimeModule(runtimeModule.path, wanted);
  if ("wrong" in loaded) throw new Error(loaded.wrong);
  const { sha256 } = loaded.identity;
  if (sha256 !== runtimeModule.sha256)
    throw new Error(`${runtimeModule.path} has changed since the run began`);
  return loaded.runtime;
}

/** The witness rehearses while the runtime's threads start; then the process comes to rest. */
async function atRest(starting: Promise<StartedRuntime>, sources: Sources): Promise<StartedRuntime> {
  const [started] = await Promise.all([starting, rehearseWitness(sources)]);
  await settle();
  return started;
}

interface Execution {
  readonly trace: Trace;
  readonly records: Records;
  readonly started: StartedRuntime;
  readonly peer: Peer | null;
}

type Outcome = Omit<TrialFacts, "runtimeVersion">;

/** A runtime in virtual time ends by itself and uses no threads of its own. */
async function runVirtual({ started, records }: Execution): Promise<Outcome> {
  const runtimeStats = await started.execute();
  Atomics.store(records.headerI32, HEADER.releaseEnded, 1);
  return {
    ...{ runtimeStats, ending: "all-ended", runtimeReturned: true },
    ...{ resources: null, peer: null, sensors: null },
  };
}

async function runLive({ trace, records, started, peer }: Execution, sources: Sources): Promise<Outcome> {
  const before = { threads: readThreadUsage(), rssBytes: process.memoryUsage.rss() };
  const peerBefore = (await peer?.report()) ?? null;
  records.headerF64[HEADER.epochNs] = monotonicNs() + LEAD_NS;
  const epochNs = records.headerF64[HEADER.epochNs] as number;
  const clock = (): number => monotonicNs() - epochNs;
  const limitNs = trace.windowNs + trace.drainNs;
  const sensors = new SensorBoard(sources, { nowNs: clock(), limitNs });
  let stats: RuntimeStats | null = null;
  let death: { readonly error: unknown } | null = null;
  const returned = started.execute().then(
    (own) => {
      stats = own;
    },
    (error: unknown) => {
      death = { error };
    },
  );
  const hasLeft = (): boolean => {
    if (death !== null) throw death.error;
    return stats !== null;
  };
  const ending = await watchTrial({
    trace,
    records,
    clock,
    hasLeft,
    onProgress: (endedCount) => emit({ event: "progress", endedCount, plannedCount: trace.taskCount }),
    onLook: (dueNs, nowNs) => sensors.look(dueNs, nowNs),
  });
  const elapsedNs = records.headerF64[HEADER.endNs] as number;
  // Before the stop: with a thread its CPU time is gone.
  const resources = resourcesOf(records, { before, after: readThreadUsage(), elapsedNs });
  Atomics.store(records.headerI32, HEADER.stop, 1);
  started.stop();
  const sensed = sensors.report(clock());
  const leaveByNs = clock() + GRACE_NS + longestBlockNs(trace);
  for (let turn = 0; !hasLeft() && (clock() < leaveByNs || turn < GRACE_TURNS); turn++) {
    await Promise.race([returned, loopTurn()]);
  }
  const peerReport =
    peer === null || peerBefore === null ? null : peerUse(peerBefore, await peer.report(), elapsedNs);
  return {
    ...{ runtimeStats: stats ?? {}, ending, runtimeReturned: stats !== null },
    ...{ resources, peer: peerReport, sensors: sensed },
  };
}

function loadTrace(path: string, expectedHash: string): Trace {
  const bytes = readShared(path);
  const hash = createHash("sha256").update(bytes).digest("hex");
  assert(hash === expectedHash, `the trace's hash is ${hash}, the plan says ${expectedHash}`);
  const decoded = decodeTrace(bytes);
  assert("trace" in decoded, "damage" in decoded ? decoded.damage : "");
  return decoded.trace;
}

/** The first op of the trace that the runtime lacks, or null. */
function missingOp(trace: Trace, runtime: Runtime): string | null {
  for (let op = 0; op < trace.opCount; op++) {
    const name = opNameOf(trace.opU32[op * OP_U32 + OP_CODE] as number);
    assert(name !== undefined);
    if (!runtime.ops.has(name)) return name;
  }
  return null;
}

function longestBlockNs(trace: Trace): number {
  let longestNs = 0;
  for (let op = 0; op < trace.opCount; op++) {
    if (trace.opU32[op * OP_U32 + OP_CODE] !== BLOCK) continue;
    longestNs = Math.max(longestNs, trace.opF64[op * OP_F64 + OP_A] as number);
  }
  return longestNs;
}

interface UsageWindow {
  readonly before: { readonly threads: ReadonlyMap<number, ThreadUsage> | null; readonly rssBytes: number };
  readonly after: ReadonlyMap<number, ThreadUsage> | null;
  readonly elapsedNs: number;
}

function resourcesOf(records: Records, { before, after, elapsedNs }: UsageWindow): TrialResources {
  const rss = { rssBytes: process.memoryUsage.rss(), rssAtEpochBytes: before.rssBytes };
  const earlierThreads = before.threads;
  if (earlierThreads === null || after === null) {
    const unknown = { cpuNs: null, runDelayNs: null, releaserCpuNs: null, workerCpuNs: null };
    return { elapsedNs, ...unknown, ...rss, voluntarySwitches: null, involuntarySwitches: null };
  }
  const lanes = laneThreadIds(records);
  const releaser = lanes.at(-1);
  const workers = new Set(lanes.slice(0, -1));
  const cpuNs = { runtime: 0, harness: 0, engine: 0 };
  const runDelayNs = { runtime: 0, harness: 0, engine: 0 };
  let releaserCpuNs: number | null = null;
  let voluntarySwitches = 0;
  let involuntarySwitches = 0;
  const usedNs = (thread: number): number | null => {
    const last = after.get(thread);
    return last === undefined ? null : last.cpuNs - (earlierThreads.get(thread)?.cpuNs ?? 0);
  };
  const workerCpuNs = lanes.slice(0, -1).map(usedNs);
  for (const [thread, usage] of after) {
    const earlier = earlierThreads.get(thread) ?? UNUSED;
    const isHarness = thread === process.pid || thread === releaser;
    const kind = workers.has(thread) ? "runtime" : isHarness ? "harness" : "engine";
    cpuNs[kind] += usage.cpuNs - earlier.cpuNs;
    runDelayNs[kind] += usage.runDelayNs - earlier.runDelayNs;
    if (thread === releaser) releaserCpuNs = usage.cpuNs - earlier.cpuNs;
    if (kind !== "runtime") continue;
    voluntarySwitches += usage.voluntarySwitches - earlier.voluntarySwitches;
    involuntarySwitches += usage.involuntarySwitches - earlier.involuntarySwitches;
  }
  return {
    ...{ elapsedNs, cpuNs, runDelayNs, releaserCpuNs, workerCpuNs, ...rss },
    ...{ voluntarySwitches, involuntarySwitches },
  };
}

/** The connections stand since the start; all else is what the trial added. */
function peerUse(before: PeerCounts, after: PeerCounts, elapsedNs: number): PeerReport {
  const cpuNs = after.cpuNs - before.cpuNs;
  return {
    connectionCount: after.connectionCount,
    requestCount: after.requestCount - before.requestCount,
    bytesIn: after.bytesIn - before.bytesIn,
    bytesOut: after.bytesOut - before.bytesOut,
    cpuNs,
    coreShare: elapsedNs > 0 ? cpuNs / elapsedNs : 0,
  };
}

function emit(event: TrialEvent): void {
  say(event);
}

/** The parent holds the other end of standard input; when it is gone, however it died, so are we. */
function dieWithParent(): void {
  process.stdin.on("end", () => process.kill(process.pid, "SIGKILL"));
  process.stdin.on("error", () => process.kill(process.pid, "SIGKILL"));
  process.stdin.resume();
}
