/**
 * How long ready work waited: the canaries' delays, freezes, the time in which blocks held every worker,
 * and what was not served at all.
 *
 * Only injected canaries are used. One that never ran is censored: its delay is at least what had passed
 * when the trial was sealed.
 */
import { taskStates } from "../../runtimes/record.ts";
import type { Records } from "../../runtimes/records.ts";
import { TASK_CLASS, TASK_DUE, TASK_F64, TASK_U32, type Trace } from "../../workloads/trace/trace.ts";
import { FINISH, STATE, SUBMITTED, TASK_BYTES, TASK_DOUBLES } from "../rows.ts";
import type { AllHeld } from "./all-held.ts";
import type { Canaries } from "./canaries.ts";
import { type Episodes, STARVED_NS } from "./episodes.ts";
import type { Better, Metric, Unit } from "./metric.ts";
import { coveredNs } from "./spans.ts";
import { type Summary, summarize, summaryMetrics } from "./summary.ts";

export interface Starvation {
  readonly allHeldShare: number | null;
  readonly allHeldShareRaw: number | null;
  readonly allBusyShare: number | null;
  readonly canaryDelayNs: Summary;
  /** Its two parts. */
  readonly canaryLagNs: Summary;
  readonly canaryWaitNs: Summary;
  readonly lateCanaryShare: number | null;
  readonly canaryCensoredCount: number;
  readonly canaryCensoredFromNs: number | null;
  readonly starvedShare: number | null;
  readonly longestFreezeNs: number | null;
  readonly longestFreezeAtNs: number | null;
  readonly unservedCount: number;
  readonly unservedShare: number | null;
}

type DelayName = "canaryDelayNs" | "canaryLagNs" | "canaryWaitNs";

/** What starvation is read from, besides the task records. */
export interface Signs {
  readonly allHeld: AllHeld;
  readonly canaries: Canaries;
  readonly episodes: Episodes;
  readonly windowNs: number;
}

export function measureStarvation(trace: Trace, records: Records, signs: Signs): Starvation {
  const { allHeld, canaries, episodes, windowNs } = signs;
  const shareOf = (spans: AllHeld["held"]): number | null =>
    windowNs === 0 ? null : coveredNs(spans, windowNs) / windowNs;
  return {
    allHeldShare: shareOf(allHeld.held),
    allHeldShareRaw: shareOf(allHeld.raw),
    allBusyShare: shareOf(allHeld.busy),
    starvedShare: episodes.over10ms.starvedShare,
    ...measureCanaries(canaries),
    ...measureUnserved(trace, records),
  };
}

function measureCanaries({
  dueNs,
  submittedNs,
  runNs,
  isCensored,
}: Canaries): Pick<
  Starvation,
  | DelayName
  | "lateCanaryShare"
  | "canaryCensoredCount"
  | "canaryCensoredFromNs"
  | "longestFreezeNs"
  | "longestFreezeAtNs"
> {
  const count = dueNs.length;
  const delaysNs = new Float64Array(count);
  let late = 0;
  let censored = 0;
  let censoredFromNs = Number.POSITIVE_INFINITY;
  let longest = -1;
  for (let canary = 0; canary < count; canary++) {
    const delayNs = (runNs[canary] as number) - (dueNs[canary] as number);
    delaysNs[canary] = delayNs;
    if (isCensored[canary] === 1) {
      censored++;
      censoredFromNs = Math.min(censoredFromNs, delayNs);
    }
    if (longest < 0 || delayNs > (delaysNs[longest] as number)) longest = canary;
    if (delayNs > STARVED_NS) late++;
  }
  const longestNs = longest < 0 ? null : (delaysNs[longest] as number);
  return {
    lateCanaryShare: count === 0 ? null : late / count,
    canaryCensoredCount: censored,
    canaryCensoredFromNs: censored === 0 ? null : censoredFromNs,
    longestFreezeNs: longestNs,
    longestFreezeAtNs: longestNs === null || longestNs === 0 ? null : (dueNs[longest] as number),
    canaryDelayNs: summarize(delaysNs),
    canaryLagNs: summarize(submittedNs.map((atNs, canary) => atNs - (dueNs[canary] as number))),
    canaryWaitNs: summarize(runNs.map((atNs, canary) => atNs - (submittedNs[canary] as number))),
  };
}

function measureUnserved(
  trace: Trace,
  records: Records,
): Pick<Starvation, "unservedCount" | "unservedShare"> {
  const deadlinesNs = Float64Array.from(trace.classes, ({ deadlineNs }) => deadlineNs);
  const isOpen = Uint8Array.from(trace.classes, ({ loop }) => (loop === "open" ? 1 : 0));
  let unserved = 0;
  for (let task = 0; task < trace.taskCount; task++) {
    if (records.taskU8[task * TASK_BYTES + STATE] !== taskStates.done) {
      unserved++;
      continue;
    }
    const dueNs = trace.taskF64[task * TASK_F64 + TASK_DUE] as number;
    const row = task * TASK_DOUBLES;
    const taskClass = trace.taskU32[task * TASK_U32 + TASK_CLASS] as number;
    const arrivalNs = isOpen[taskClass] === 1 ? dueNs : (records.taskF64[row + SUBMITTED] as number);
    const responseNs = (records.taskF64[row + FINISH] as number) - arrivalNs;
    if (responseNs > (deadlinesNs[taskClass] as number)) unserved++;
  }
  return {
    unservedCount: unserved,
    unservedShare: trace.taskCount === 0 ? null : unserved / trace.taskCount,
  };
}

const CANARIES = "Canary records.";

const figures: readonly [Exclude<keyof Starvation, DelayName>, Unit, Better, string, string][] = [
  [
    "allHeldShare",
    "share",
    "lower",
    "Share of the window in which all workers are held by blocks. A gap between two such stretches counts too if a canary handed over before it waited all through it, and in it no canary ran and no task was polled for the first time except one that starts with a block.",
    "Hold, canary and task records.",
  ],
  [
    "allHeldShareRaw",
    "share",
    "lower",
    "Share of the window in which all workers are held by blocks, no gap counted.",
    "Hold records.",
  ],
  [
    "allBusyShare",
    "share",
    "neither",
    "Share of the window in which blocks and CPU holds together hold all workers, no gap counted. CPU holds below 1 ms have no row and are not seen.",
    "Hold records.",
  ],
  [
    "starvedShare",
    "share",
    "lower",
    "The share of time that was frozen: episodes.over10ms.starvedShare.",
    CANARIES,
  ],
  [
    "longestFreezeNs",
    "ns",
    "lower",
    "The longest delay of a canary: the longest time without progress.",
    CANARIES,
  ],
  [
    "longestFreezeAtNs",
    "ns",
    "neither",
    "When the longest freeze began; null where there was none.",
    CANARIES,
  ],
  [
    "lateCanaryShare",
    "share",
    "lower",
    "Share of the canaries due within the window that were delayed by more than 10 ms.",
    CANARIES,
  ],
  [
    "canaryCensoredCount",
    "count",
    "lower",
    "Canaries that never ran; their delay is taken up to the end of the trial.",
    CANARIES,
  ],
  [
    "canaryCensoredFromNs",
    "ns",
    "neither",
    "The least delay of a canary that never ran: a delay from here up reads “at least”; null where all ran.",
    CANARIES,
  ],
  [
    "unservedCount",
    "count",
    "lower",
    "Tasks not done, or done later after their arrival than the deadline of their class.",
    "Task records.",
  ],
  ["unservedShare", "share", "lower", "unservedCount of all tasks of the trace.", "Task records."],
];

const delays: readonly [DelayName, string][] = [
  ["canaryDelayNs", "run − due of the canaries due within the window: how long ready work waited."],
  ["canaryLagNs", "submitted − due of the same canaries: the releaser's part of their delay."],
  ["canaryWaitNs", "run − submitted of the same canaries: the runtime's part of their delay."],
];

/** What of a trial's measures these figures are read from. */
interface Trial {
  readonly starvation: Starvation;
}

export const starvationMetrics: readonly Metric<Trial>[] = [
  ...figures.map(
    ([name, unit, better, definition, source]): Metric<Trial> => ({
      name,
      section: "starvation",
      unit,
      better,
      definition,
      source,
      of: ({ starvation }) => starvation[name],
    }),
  ),
  ...delays.flatMap(([name, definition]) =>
    summaryMetrics(
      { name, section: "starvation", definition, source: CANARIES },
      ({ starvation }: Trial) => starvation[name],
    ),
  ),
];
