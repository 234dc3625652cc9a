/** A planted freeze: every worker is blocked at a known time, for a known time, in the midst of small tasks. */
import { build } from "../../../workloads/trace/build.ts";
import type { Trace } from "../../../workloads/trace/trace.ts";
import { figureOf } from "../figure.ts";
import type { Figure } from "./answer.ts";
import type { JudgedTrial } from "./live.ts";
import { blocksStream, CANARY_PERIOD_NS, composed, MS } from "./loads.ts";
import type { Probe } from "./probe.ts";
import { type Subject, subjectOf } from "./subject.ts";

const WINDOW_MS = 400;
const FREEZE_MS = 100;
const AT_MS = 150;
/** A canary may be due up to a period before the freeze or after it began; another one is the machine's. */
const TOLERANCE_NS = 2 * CANARY_PERIOD_NS;

/** What the case runs. */
export function freezeTrace(workerCount: number): Trace {
  const dueMs = new Array<number>(workerCount).fill(AT_MS);
  const victims = {
    release: { loop: "open", arrivals: { kind: "poisson", ratePerSecond: 500 } },
    variants: [{ share: 1, class: "victim", ops: [{ op: "cpu", units: 2000 }] }],
  } as const;
  const blocks = blocksStream({ windowMs: WINDOW_MS, blockMs: FREEZE_MS, dueMs });
  return build(composed([blocks, victims], WINDOW_MS * MS), 1, { periodNs: CANARY_PERIOD_NS });
}

export function freezeFigures(trial: JudgedTrial): Figure[] {
  return [
    {
      name: "longest freeze",
      unit: "ns",
      said: figureOf(trial.row, "longestFreezeNs"),
      truth: FREEZE_MS * MS,
      tolerance: TOLERANCE_NS,
    },
    {
      name: "from",
      unit: "ns",
      said: figureOf(trial.row, "longestFreezeAtNs"),
      truth: AT_MS * MS,
      tolerance: TOLERANCE_NS,
    },
  ];
}

export function freezeProbe(subject: Subject, workerCount: number): Probe {
  const trace = freezeTrace(workerCount);
  return {
    name: `planted freeze on ${subject.label}`,
    subject,
    wantedCount: 1,
    trial: (live) => live.trial({ trace, subject, workerCount }),
    figuresOf: freezeFigures,
  };
}

export function freezeProbes(): Probe[] {
  return ["single-thread", "work-stealing", "native", "native-current-thread"].map((name) => {
    const subject = subjectOf(name);
    return freezeProbe(subject, subject.workers === "one" ? 1 : 2);
  });
}
