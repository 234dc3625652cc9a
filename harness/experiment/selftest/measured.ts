/**
 * Repeats a trial until enough valid ones can be judged.
 *
 * Trials that the machine spoilt are no evidence of anything: where more than half are such, the case is not judged.
 * A median that misses the truth must still miss it over five trials before isoload is called wrong: a disturbance
 * that no sensor sees would otherwise be taken for a mistake.
 */
import { type Answer, type Figure, isWithin, medianFigures } from "./answer.ts";
import type { JudgedTrial } from "./live.ts";

/** A miss is believed from this many valid trials on. */
const CONFIRMING_TRIALS = 5;
/** So many trials may be refused before the share of the valid ones counts. */
const REFUSED_AT_FIRST = 2;

export interface Measurement {
  readonly name: string;
  /** Valid trials for a first judgement. */
  readonly wantedCount: number;
  readonly run: () => Promise<JudgedTrial>;
  readonly figuresOf: (trial: JudgedTrial) => readonly Figure[];
  /** A remark on the valid trials, the last one first in mind; absent: none. */
  readonly remarkOf?: (valid: readonly JudgedTrial[]) => string;
}

export interface Measured {
  readonly answer: Answer;
  readonly valid: readonly JudgedTrial[];
}

/** Runs trials until there is a verdict. A trial that broke, or whose work is not proven, is a verdict: wrong. */
export async function measured(measurement: Measurement): Promise<Measured> {
  const { name, wantedCount, run, figuresOf, remarkOf = () => "" } = measurement;
  const valid: JudgedTrial[] = [];
  const figures: (readonly Figure[])[] = [];
  for (let refusedCount = 0; ; ) {
    const trial = await run();
    const counts = (): Pick<Answer, "validCount" | "refusedCount"> => ({
      validCount: valid.length,
      refusedCount,
    });
    if (isBroken(trial)) {
      const remark = `the trial ${trial.row.outcome}: ${trial.row.invalidBecause.join("; ")}`;
      return { answer: { name, verdict: "wrong", figures: [], remark, ...counts() }, valid };
    }
    if (trial.row.valid) {
      valid.push(trial);
      figures.push(figuresOf(trial));
    } else if (++refusedCount > REFUSED_AT_FIRST && refusedCount > valid.length) {
      const remark = `the machine is noisy: ${trial.row.invalidBecause.join("; ")}`;
      return { answer: { name, verdict: "not-judged", figures: [], remark, ...counts() }, valid };
    }
    if (valid.length < wantedCount) continue;
    const medians = medianFigures(figures);
    const isRight = medians.every(isWithin);
    if (isRight || valid.length >= CONFIRMING_TRIALS) {
      const verdict = isRight ? "ok" : "wrong";
      return { answer: { name, verdict, figures: medians, remark: remarkOf(valid), ...counts() }, valid };
    }
  }
}

/** A trial that a noisy machine spoilt is completed and not valid; every other way not to be valid is no noise. */
function isBroken({ row }: JudgedTrial): boolean {
  return !row.valid && row.outcome !== "completed";
}
