/** What the doctor says of one thing: `bad` spoils results, `fair` makes them less than they could be. */
export interface Finding {
  readonly name: string;
  /** With its unit, as it is shown. */
  readonly value: string;
  readonly verdict: Verdict;
  /** What to do about it; empty where there is nothing to do. */
  readonly remedy: string;
}

/** In the order in which they are shown. */
const verdicts = ["bad", "fair", "unknown", "good"] as const;
type Verdict = (typeof verdicts)[number];

export interface Trouble {
  readonly verdict: "bad" | "fair";
  readonly remedy: string;
}

/** A thing that is as it should be, unless there is trouble. */
export function finding(name: string, value: string, trouble: Trouble | null = null): Finding {
  return { name, value, ...(trouble ?? { verdict: "good", remedy: "" }) };
}

/** Something that this machine does not tell. */
export function unknown(name: string): Finding {
  return { name, value: "not readable", verdict: "unknown", remedy: "" };
}

/** The worst first; of one verdict in the order in which they came. */
export function bySeverity(findings: readonly Finding[]): Finding[] {
  return verdicts.flatMap((verdict) => findings.filter((one) => one.verdict === verdict));
}
