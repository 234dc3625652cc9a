/**
 * A probe: trials of one load on one runtime, and the figures that they must yield.
 *
 * It is repeated until enough valid trials can be judged. Those that the machine spoilt are no evidence of anything:
 * where more than two, and more than half of all, are such, there is no judgement. A median that misses the truth must
 * still miss it over nine trials before isoload is called wrong: a disturbance that no sensor sees would otherwise be
 * taken for a mistake. The latest of 200 canaries runs more than 1 ms late in one quiet trial of four (n = 20, four
 * workers on two cores), and where isoload is wrong it is as wrong in the ninth trial as in the first.
 */
import { type Answer, type Figure, isWithin, medianFigures, told } from "./answer.ts";
import type { SelftestCase } from "./case.ts";
import type { JudgedTrial, Live } from "./live.ts";
import type { Subject } from "./subject.ts";

export interface Probe {
  readonly name: string;
  readonly subject: Subject;
  /** Valid trials for a first judgement. */
  readonly wantedCount: number;
  /** Runs a trial; `attempt` counts them from 1. */
  readonly trial: (live: Live, attempt: number) => Promise<JudgedTrial>;
  /** What a valid trial says, the same figures of each. */
  readonly figuresOf: (trial: JudgedTrial) => readonly Figure[];
  /** What else the valid trials, at least one, answer. */
  readonly also?: (valid: readonly JudgedTrial[]) => readonly Answer[];
}

/** A miss is believed from this many valid trials on. */
const CONFIRMING_TRIALS = 9;
/** So many trials may be refused before the share of the valid ones counts. */
const REFUSED_AT_FIRST = 2;

/** The probe as a case; it is not judged where its runtime is missing. */
export function caseOf(probe: Probe): SelftestCase {
  const { name, subject, also } = probe;
  return {
    name,
    run: async function* (live) {
      if (subject.missingBecause !== null) {
        yield told(name, "not-judged", subject.missingBecause);
        return;
      }
      const { answer, valid } = await repeat(probe, live);
      yield answer;
      if (also !== undefined && valid.length > 0) yield* also(valid);
    },
  };
}

export interface Repeated {
  readonly answer: Answer;
  readonly valid: readonly JudgedTrial[];
}

/** Runs trials until there is a verdict. A trial that broke, or whose work is not proven, is a verdict: wrong. */
export async function repeat({ name, wantedCount, trial, figuresOf }: Probe, live: Live): Promise<Repeated> {
  const valid: JudgedTrial[] = [];
  const figures: (readonly Figure[])[] = [];
  let refusedCount = 0;
  const answered = (rest: Pick<Answer, "verdict" | "figures" | "remark">): Repeated => ({
    answer: { name, ...rest, validCount: valid.length, refusedCount },
    valid,
  });
  for (let attempt = 1; ; attempt++) {
    const judged = await trial(live, attempt);
    const [reason = "no reason"] = judged.row.invalidBecause;
    if (isBroken(judged)) {
      return answered({
        verdict: "wrong",
        figures: [],
        remark: `the trial ${judged.row.outcome}: ${reason}`,
      });
    }
    if (judged.row.valid) {
      valid.push(judged);
      figures.push(figuresOf(judged));
    } else if (++refusedCount > REFUSED_AT_FIRST && refusedCount > valid.length) {
      return answered({ verdict: "not-judged", figures: [], remark: `the machine is noisy: ${reason}` });
    }
    if (valid.length < wantedCount) continue;
    const medians = medianFigures(figures);
    const isRight = medians.every(isWithin);
    if (isRight || valid.length >= CONFIRMING_TRIALS) {
      return answered({ verdict: isRight ? "ok" : "wrong", figures: medians, remark: "" });
    }
  }
}

/** Not to be valid is evidence, too, unless the machine is why. */
function isBroken({ row }: JudgedTrial): boolean {
  return !row.valid && row.refusal !== "noise";
}
