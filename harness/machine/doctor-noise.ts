/** The measured noise as findings: every measure with its figure, its n where it has one, and what to do. */
import type { BusyProcess } from "./busiest.ts";
import { type Finding, finding, type Trouble, unknown } from "./finding.ts";
import {
  classOf,
  type Measure,
  measures,
  type Noise,
  type NoiseClass,
  type NoiseFigures,
  smallestEffectShare,
} from "./noise.ts";

const meanings: Readonly<Record<NoiseClass, string>> = {
  quiet: "small differences are the runtimes'",
  usable: "trials count, and differences are seen in enough rounds",
  noisy: "trials would be refused, or their differences drown",
};

/** The class, and what it lets one see. */
export function noiseLines({ noiseClass, smallestEffects }: Noise): string[] {
  const effects = smallestEffects.map(
    ({ roundCount, share }) => `${percentText(share)} in ${roundCount} rounds`,
  );
  return [
    `noise class: ${noiseClass} (${meanings[noiseClass]})`,
    `smallest difference in the time of CPU work that paired rounds show: ${effects.join(", ")}; of waits it takes more`,
  ];
}

export function noiseFindings(figures: NoiseFigures, busy: readonly BusyProcess[]): Finding[] {
  const { foreignCores, stolenCores, throttledNs, longestGapNs, observedNs } = figures;
  const over = `over ${(observedNs / 1e9).toFixed(1)} s`;
  return [
    toldOf("foreign CPU", foreignCores, measures.foreignCores, {
      figures,
      text: (cores) => `${cores.toFixed(2)} cores ${over}${namesOf(busy)}`,
      remedy: "Others take the cores that are to be measured: stop them.",
    }),
    toldOf("steal", stolenCores, measures.stolenCores, {
      figures,
      text: (cores) => `${cores.toFixed(2)} cores ${over}`,
      remedy: "The host takes the CPU away: use a machine of your own.",
    }),
    toldOf("throttling", throttledNs, measures.throttledNs, {
      figures,
      text: (ns) => `${msText(ns)} ${over}`,
      remedy:
        "The container's CPU quota is used up while isoload sleeps: raise it, or stop what else runs in it.",
    }),
    toldOf("gaps", longestGapNs, measures.longestGapNs, {
      figures,
      text: (ns) => `longest ${msText(ns)} ${over}`,
      remedy: "Everything stood still for that long: the machine was paused, or the container frozen.",
    }),
    ...tickFindings(figures),
    kernelFinding(figures),
  ];
}

function tickFindings(figures: NoiseFigures): Finding[] {
  const { tickCount, tickLatenessNsP99, tickLatenessNsMax } = figures;
  const remedy = "Threads wake late: stop what else runs, or leave this virtual machine.";
  return [
    toldOf("timer lateness, p99", tickLatenessNsP99, measures.tickLatenessNsP99, {
      ...{ figures, remedy },
      text: (ns) => `${msText(ns)} (n = ${tickCount}, 1 kHz)`,
    }),
    toldOf("timer lateness, worst", tickLatenessNsMax, measures.tickLatenessNsMax, {
      ...{ figures, remedy },
      text: (ns) => `${msText(ns)} (n = ${tickCount}, 1 kHz)`,
    }),
  ];
}

function kernelFinding(figures: NoiseFigures): Finding {
  const { pairSpreadShare, pairCount, runNs } = figures;
  return toldOf("equal runs", pairSpreadShare, measures.smallestEffectShare, {
    figures,
    text: (spread) =>
      `differ by ${percentText(spread)} (sd by p10 to p90, n = ${pairCount} pairs of ${msText(runNs)}): 10 rounds show ${percentText(smallestEffectShare(spread, 10))}`,
    remedy: "Take more rounds; fix the CPU's frequency and stop what else runs to need fewer.",
  });
}

interface Telling {
  readonly figures: NoiseFigures;
  readonly text: (value: number) => string;
  readonly remedy: string;
}

function toldOf(
  name: string,
  value: number | null,
  measure: Measure,
  { figures, text, remedy }: Telling,
): Finding {
  const noiseClass = classOf(measure, figures);
  if (value === null || noiseClass === null) return unknown(name);
  const trouble: Record<typeof noiseClass, Trouble | null> = {
    quiet: null,
    usable: { verdict: "fair", remedy },
    noisy: { verdict: "bad", remedy },
  };
  return finding(name, text(value), trouble[noiseClass]);
}

function namesOf(busy: readonly BusyProcess[]): string {
  if (busy.length === 0) return "";
  return `: ${busy.map(({ name, pid, cores }) => `${name} (process ${pid}) ${cores.toFixed(2)}`).join(", ")}`;
}

function msText(ns: number): string {
  return `${(ns / 1e6).toFixed(ns < 10e6 ? 2 : 0)} ms`;
}

function percentText(share: number): string {
  const percent = share * 100;
  return `${percent.toFixed(percent < 1 ? 2 : percent < 10 ? 1 : 0)} %`;
}
