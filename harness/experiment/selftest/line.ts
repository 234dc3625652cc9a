/** An answer as one line, and the sentence that sums all of them up. */
import { nsText, shareText } from "../../../reports/formats/units.ts";
import type { Answer, Figure, Verdict } from "./answer.ts";

const words: Readonly<Record<Verdict, string>> = { ok: "ok", wrong: "WRONG", "not-judged": "not judged" };
const VERDICT_WIDTH = Math.max(...Object.values(words).map(({ length }) => length));

/** E.g. `ok          D5 on ideal: all held 25 % (truth 25 %), canary mean 6.25 ms (6.25 ms)`. */
export function answerLine({ name, verdict, figures, remark, validCount, refusedCount }: Answer): string {
  const said = figures.map((figure, index) => {
    const truth = valueText(figure, figure.truth);
    return `${figure.name} ${valueText(figure, figure.said)} (${index === 0 ? "truth " : ""}${truth})`;
  });
  const trials = [
    ...(validCount > 1 ? [`medians of ${validCount} trials`] : []),
    ...(refusedCount > 0 ? [`${refusedCount} refused`] : []),
  ];
  const parts = [said.join(", "), remark, trials.join(", ")].filter((part) => part !== "");
  const line = `${words[verdict].padEnd(VERDICT_WIDTH)}  ${name}`;
  return parts.length === 0 ? line : `${line}: ${parts.join("; ")}`;
}

/** How many of each verdict, and what those that were not judged mean. */
export function selftestSummary(answers: readonly Answer[], elapsedNs: number): string {
  const countOf = (verdict: Verdict): number => answers.filter((each) => each.verdict === verdict).length;
  const [okCount, wrongCount, openCount] = [countOf("ok"), countOf("wrong"), countOf("not-judged")];
  const counts = `${answers.length} answers in ${(elapsedNs / 1e9).toFixed(0)} s: ${okCount} as they must be, ${wrongCount} wrong, ${openCount} not judged.`;
  return openCount === 0 ? counts : `${counts} Nothing is said of what was not judged.`;
}

function valueText({ unit }: Figure, value: number | null): string {
  if (value === null) return "none";
  if (unit === "count") return String(value);
  return unit === "ns" ? nsText(value) : shareText(value);
}
