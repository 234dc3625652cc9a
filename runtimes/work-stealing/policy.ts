/** How the scheduler behaves: its options, named as Tokio names them where it has them. */
import {
  choice,
  count,
  type ParameterTable,
  type ParameterValue,
  type ParameterValues,
} from "../../workloads/parameter.ts";

/** Ticks between two looks at the event loop while replies are pending: Tokio's `event_interval`. */
const EVENT_INTERVAL = 61;
/** Ops that need not wait, a task and its followers in the LIFO slot together: Tokio's cooperative budget. */
const BUDGET = 128;
/** More than any trial can use. */
const MOST = 1_000_000;
/** Tokio's timer wheel and its driver count in whole milliseconds. */
const WHEEL_NS = 1e6;

export const policyOptions: ParameterTable = {
  lifo: choice(
    "whether the task a poll made ready last is polled next by the same worker, out of reach of thieves",
    ["on", "off"],
  ),
  globalInterval: count(
    "ticks between two looks at the inject queue while a worker has work of its own; tuned by itself to 2 … 127 unless given",
    {
      min: 1,
      max: MOST,
      default: undefined,
    },
  ),
  eventInterval: count("ticks between two looks at the event loop while replies are pending", {
    min: 1,
    max: MOST,
    default: EVENT_INTERVAL,
  }),
  budget: count("ops that need not wait which a tick may perform before its task is made to yield", {
    min: 1,
    max: MOST,
    default: BUDGET,
  }),
  steal: choice(
    "off: a control with partitioned queues; each task and canary belongs to one worker, by its id",
    ["on", "off"],
  ),
  queue: choice(
    "global: a control with one first-in-first-out queue for all workers, nothing to steal and no LIFO slot",
    ["local", "global"],
  ),
  timers: choice(
    "wheel: sleeps end on whole milliseconds, rounded up, as on Tokio's wheel; exact: at their time",
    ["exact", "wheel"],
  ),
};

export interface Policy {
  /** Where ready ids wait: in a deque a worker, open to thieves or not, or all in one queue. */
  readonly queues: "stealing" | "partitioned" | "global";
  readonly hasLifoSlot: boolean;
  /** null: tuned by itself. */
  readonly globalInterval: number | null;
  readonly eventInterval: number;
  readonly budget: number;
  /** Timers end on multiples of this; 0: exactly. */
  readonly timerGranularityNs: number;
}

/** The policy that options which passed the table stand for. */
export function policyOf(options: ParameterValues): Policy {
  const isGlobal = options.queue === "global";
  const local = options.steal === "off" ? "partitioned" : "stealing";
  return {
    queues: isGlobal ? "global" : local,
    hasLifoSlot: options.lifo !== "off" && !isGlobal,
    globalInterval: numberOr(null, options.globalInterval),
    eventInterval: numberOr(EVENT_INTERVAL, options.eventInterval),
    budget: numberOr(BUDGET, options.budget),
    timerGranularityNs: options.timers === "wheel" ? WHEEL_NS : 0,
  };
}

/** A sentence on options that contradict each other, or null. */
export function policyMisfit(options: ParameterValues): string | null {
  return options.queue === "global" && options.steal === "off"
    ? "queue=global leaves nothing to steal, so steal=off says nothing beside it. Give one of the two."
    : null;
}

function numberOr<Absent>(absent: Absent, value: ParameterValue | undefined): number | Absent {
  return typeof value === "number" ? value : absent;
}
