/**
 * How long ready work waited: the canaries' delays, freezes, the time in which blocks held every worker,
 * and what was not served at all.
 *
 * Only injected canaries are used. One that never ran is censored: its delay is at least what had passed
 * when the trial was sealed.
 */
import { type Records, taskStates } from "../../runtimes/record.ts";
import { TASK_CLASS, TASK_DUE, TASK_F64, TASK_U32, type Trace } from "../../workloads/trace/trace.ts";
import {
  CANARY_DOUBLES,
  CANARY_DUE,
  CANARY_HALVES,
  CANARY_RUN,
  CANARY_STATE,
  canaryCountOf,
  endNsOf,
  FINISH,
  STATE,
  SUBMITTED,
  TASK_BYTES,
  TASK_DOUBLES,
} from "../rows.ts";
import { type AllHeld, measureAllHeld } from "./all-held.ts";
import type { Metric } from "./metric.ts";
import { type Summary, summarize, summaryMetrics } from "./summary.ts";

/** θ: a canary later than this saw starvation. */
export const STARVED_NS = 10e6;

export interface Starvation extends AllHeld {
  readonly canaryDelayNs: Summary;
  readonly canaryCensoredCount: number;
  readonly canaryCensoredFromNs: number | null;
  readonly starvedShare: number | null;
  readonly longestFreezeNs: number | null;
  readonly longestFreezeAtNs: number | null;
  readonly unservedCount: number;
  readonly unservedShare: number | null;
}

export function measureStarvation(trace: Trace, records: Records, windowNs: number): Starvation {
  const canaries = canariesOf(records, windowNs);
  return {
    ...measureAllHeld(trace, records, windowNs),
    ...measureCanaries(canaries, windowNs),
    ...measureUnserved(trace, records),
  };
}

/** The canaries due within the window, in the order in which they are due. */
export interface Canaries {
  readonly dueNs: Float64Array;
  /** When each ran; the end of the trial for one that did not. */
  readonly runNs: Float64Array;
  readonly isCensored: Uint8Array;
}

export function canariesOf(records: Records, windowNs: number): Canaries {
  const rowCount = canaryCountOf(records);
  const rows = records.canaryF64;
  let count = 0;
  while (count < rowCount && (rows[count * CANARY_DOUBLES + CANARY_DUE] as number) <= windowNs) count++;
  const dueNs = new Float64Array(count);
  const runNs = new Float64Array(count);
  const isCensored = new Uint8Array(count);
  for (let canary = 0; canary < count; canary++) {
    const ran = records.canaryU16[canary * CANARY_HALVES + CANARY_STATE] === taskStates.done;
    dueNs[canary] = rows[canary * CANARY_DOUBLES + CANARY_DUE] as number;
    runNs[canary] = ran ? (rows[canary * CANARY_DOUBLES + CANARY_RUN] as number) : endNsOf(records);
    isCensored[canary] = ran ? 0 : 1;
  }
  return { dueNs, runNs, isCensored };
}

function measureCanaries(
  { dueNs, runNs, isCensored }: Canaries,
  windowNs: number,
): Omit<Starvation, keyof AllHeld | "unservedCount" | "unservedShare"> {
  const count = dueNs.length;
  const delaysNs = new Float64Array(count);
  let censored = 0;
  let censoredFromNs = Number.POSITIVE_INFINITY;
  let longest = -1;
  let starvedNs = 0;
  let coveredToNs = 0;
  for (let canary = 0; canary < count; canary++) {
    const delayNs = (runNs[canary] as number) - (dueNs[canary] as number);
    delaysNs[canary] = delayNs;
    if (isCensored[canary] === 1) {
      censored++;
      censoredFromNs = Math.min(censoredFromNs, delayNs);
    }
    if (longest < 0 || delayNs > (delaysNs[longest] as number)) longest = canary;
    if (delayNs > STARVED_NS) {
      // In the order in which they are due, so the union only ever grows to the right.
      const fromNs = Math.max(dueNs[canary] as number, coveredToNs);
      const toNs = Math.min(runNs[canary] as number, windowNs);
      if (toNs > fromNs) starvedNs += toNs - fromNs;
      coveredToNs = Math.max(coveredToNs, toNs);
    }
  }
  const longestNs = longest < 0 ? null : (delaysNs[longest] as number);
  return {
    canaryCensoredCount: censored,
    canaryCensoredFromNs: censored === 0 ? null : censoredFromNs,
    starvedShare: count === 0 || windowNs === 0 ? null : starvedNs / windowNs,
    longestFreezeNs: longestNs,
    longestFreezeAtNs: longestNs === null || longestNs === 0 ? null : (dueNs[longest] as number),
    canaryDelayNs: summarize(delaysNs),
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

const figures: readonly [
  Exclude<keyof Starvation, "canaryDelayNs">,
  Metric["unit"],
  Metric["better"],
  string,
  string,
][] = [
  [
    "allHeldShare",
    "share",
    "lower",
    "Share of the window in which all workers are held by blocks. A gap between two such stretches counts too if in it no canary ran and no task was polled for the first time except one that starts with a block; without canaries no gap counts.",
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
    "starvedShare",
    "share",
    "lower",
    "Share of the window covered by the union of [due, run) over the canaries delayed by more than 10 ms.",
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

export const starvationMetrics: readonly Metric[] = [
  ...figures.map(
    ([name, unit, better, definition, source]): Metric => ({
      name,
      section: "starvation",
      unit,
      better,
      definition,
      source,
      of: ({ starvation }) => starvation[name],
    }),
  ),
  ...summaryMetrics(
    {
      name: "canaryDelayNs",
      section: "starvation",
      definition: "run − due of the canaries due within the window: how long ready work waited.",
      source: CANARIES,
    },
    ({ starvation }) => starvation.canaryDelayNs,
  ),
];
