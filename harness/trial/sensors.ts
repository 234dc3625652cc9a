/**
 * What the witness senses of the machine under a trial: who else was on the cores, and what stopped the trial.
 *
 * It reads in the trial's own process, on the trial's clock, so that a step of the wall clock changes nothing. A
 * look costs the witness a read of its own schedstat, and every tenth of a second a sample of the machine: 1.8 and
 * 27 µs of CPU, 0.2 % of a core (`sensors.bench.ts`, medians of 9 rounds). Samples are sums since the first one, so that every stretch between
 * two of them can be judged afterwards, by whatever bound.
 */
import { type ExcuseReader, GapFinder, openExcuses } from "./gaps.ts";
import { type MachineCpuReader, openMachineCpu } from "./machine-cpu.ts";
import { openProcessCpu, ownCpuNs } from "./process-cpu.ts";
import { openThrottling } from "./throttling.ts";
import type { MachineSamples, Sensors } from "./trial.ts";

const SAMPLE_NS = 100e6;
/** Rows at most; of a trial that may take longer than two minutes there are fewer samples a second. */
const SAMPLE_LIMIT = 1200;

/** Where the figures come from: the machine, or a script in tests. */
export interface Sources {
  /** null: the machine does not tell. */
  readonly machine: MachineCpuReader | null;
  /** CPU time so far of all that isoload itself runs. */
  readonly ownCpuNs: () => number;
  readonly throttledNs: (() => number) | null;
  /** Of the witness's lateness. */
  readonly excusesNs: ExcuseReader | null;
}

/**
 * The machine's own. isoload's are this process, the one that started it and the peer; whatever else these
 * two have started is foreign to the trial.
 */
export function openSources({
  peerPid,
  coreCount,
}: {
  readonly peerPid: number | null;
  readonly coreCount: number;
}): Sources {
  const others = [process.ppid, ...(peerPid === null ? [] : [peerPid])]
    .map(openProcessCpu)
    .filter((read) => read !== null);
  return {
    machine: openMachineCpu(),
    ownCpuNs: () => others.reduce((sumNs, read) => sumNs + read(), ownCpuNs()),
    throttledNs: openThrottling(),
    excusesNs: openExcuses(coreCount),
  };
}

export class SensorBoard {
  readonly #sources: Sources;
  readonly #periodNs: number;
  readonly #gaps: GapFinder | null;
  /** One column a row of `MachineSamples`, and their readings at the first sample. */
  readonly #atNs = new Float64Array(SAMPLE_LIMIT);
  readonly #foreignNs = new Float64Array(SAMPLE_LIMIT);
  readonly #stealNs = new Float64Array(SAMPLE_LIMIT);
  readonly #throttledNs = new Float64Array(SAMPLE_LIMIT);
  #first: { atNs: number; busyByOthersNs: number; stealNs: number; throttledNs: number } | null = null;
  #count = 0;

  /** `limitNs`: how long the trial takes at most. The first sample is taken at `nowNs`. */
  constructor(sources: Sources, { nowNs, limitNs }: { nowNs: number; limitNs: number }) {
    this.#sources = sources;
    // Two rows stay free: for the first sample and the last.
    this.#periodNs = Math.max(SAMPLE_NS, limitNs / (SAMPLE_LIMIT - 2));
    this.#gaps = sources.excusesNs === null ? null : new GapFinder(sources.excusesNs);
    this.#sample(nowNs);
  }

  /** Called by the witness whenever it looks; `dueNs` is when it was to look first since the last time. */
  look(dueNs: number, nowNs: number): void {
    this.#gaps?.look(dueNs, nowNs);
    if (nowNs - (this.#atNs[this.#count - 1] as number) >= this.#periodNs) this.#sample(nowNs);
  }

  /** Takes the last sample and answers with everything; null: this machine tells nothing. */
  report(nowNs: number): Sensors | null {
    this.#sample(nowNs);
    const { machine } = this.#sources;
    if (machine === null && this.#gaps === null) return null;
    return {
      machine: machine === null ? null : this.#samples(machine.cpuCount),
      gaps: this.#gaps === null ? null : { longestNs: this.#gaps.longestNs, rows: this.#gaps.gaps },
    };
  }

  #sample(nowNs: number): void {
    const machine = this.#sources.machine?.read() ?? null;
    if (machine === null || this.#count === SAMPLE_LIMIT) return;
    const { cpuCount } = this.#sources.machine ?? { cpuCount: 0 };
    const now = {
      atNs: nowNs,
      busyByOthersNs: cpuCount * nowNs - machine.idleNs - machine.stealNs - this.#sources.ownCpuNs(),
      stealNs: machine.stealNs,
      throttledNs: this.#sources.throttledNs?.() ?? 0,
    };
    this.#first ??= now;
    const row = this.#count++;
    this.#atNs[row] = nowNs;
    this.#foreignNs[row] = now.busyByOthersNs - this.#first.busyByOthersNs;
    this.#stealNs[row] = now.stealNs - this.#first.stealNs;
    this.#throttledNs[row] = now.throttledNs - this.#first.throttledNs;
  }

  #samples(cpuCount: number): MachineSamples {
    const column = (values: Float64Array): number[] =>
      Array.from(values.subarray(0, this.#count), Math.round);
    return {
      cpuCount,
      atNs: column(this.#atNs),
      foreignNs: column(this.#foreignNs),
      stealNs: column(this.#stealNs),
      throttledNs: this.#sources.throttledNs === null ? null : column(this.#throttledNs),
    };
  }
}
