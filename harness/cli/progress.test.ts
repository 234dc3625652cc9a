import { expect, test } from "vitest";
import type { Progress } from "../experiment/index.ts";
import { columns } from "./columns.ts";
import { printable } from "./printable.ts";
import { viewProgress } from "./progress.ts";

const at = {
  index: 2,
  trialCount: 5,
  round: 0,
  attempt: 1,
  attemptLimit: 3,
  remainingNs: 2.5e9,
  treatment: { workload: "null", runtimeLabel: "native", threads: "2x" },
} as unknown as Extract<Progress, { kind: "started" }>;

const events: readonly Progress[] = [
  { kind: "building", built: 1, total: 2 },
  { kind: "planned", run: "here", trialCount: 5, notes: ["one\u001b[31m"] },
  { ...at, kind: "started" },
  { ...at, kind: "running", endedCount: 1, plannedCount: 4 },
  { ...at, kind: "ended", row: { outcome: "completed", refusal: null } } as unknown as Progress,
  {
    ...at,
    kind: "ended",
    trialCount: 6,
    attempt: 2,
    row: { outcome: "completed", refusal: "noise", invalidBecause: ["others took 1.9 cores"] },
  } as unknown as Progress,
];

function shown(live: boolean): string {
  let text = "";
  const view = viewProgress({
    err: (more) => {
      text += more;
    },
    terminal: { color: false, width: 60, live },
  });
  for (const event of events) view.show(event);
  view.close();
  return text;
}

test("one trial is one", () => {
  let text = "";
  const { show } = viewProgress({
    err: (more) => {
      text += more;
    },
    terminal: { color: false, width: 60, live: false },
  });
  show({ kind: "planned", run: "here", trialCount: 1, notes: [] });
  expect(text).toBe("1 trial to run, kept in here\n");
});

test("a control is called one", () => {
  let text = "";
  const { show } = viewProgress({
    err: (more) => {
      text += more;
    },
    terminal: { color: false, width: 60, live: false },
  });
  const row = { outcome: "completed", valid: true };
  const treatment = { ...at.treatment, controlOf: "t0" };
  show({ ...at, treatment, kind: "ended", row } as unknown as Progress);
  expect(text).toBe("[2/5] round 1 control of null on native at 2x: completed\n");
});

test("without a terminal there are plain lines, one a trial", () => {
  expect(shown(false)).toBe(
    [
      "note: one\\x1b[31m",
      "5 trials to run, kept in here",
      "[2/5] round 1 null on native at 2x: completed",
      "[2/6] round 1 null on native at 2x, attempt 2 of 3: refused: others took 1.9 cores\n",
    ].join("\n"),
  );
});

test("on a terminal a line is rewritten in place and cleared at the end", () => {
  const text = shown(true);
  expect(text).toContain("\r\u001b[2K[2/5] round 1 null on native at 2x: 25 %, 3 s left");
  expect(text.endsWith("\r\u001b[2K")).toBe(true);
});

test("control characters are shown, not obeyed", () => {
  expect(printable("a\u001b[2J\u0007b\n\tc\u009b")).toBe("a\\x1b[2J\\x07b\n\tc\\x9b");
});

test("columns are aligned and lines end with their text", () => {
  expect(columns([["a", "bb", "c"], ["aaa", "", "c"], ["x"]])).toBe("a    bb  c\naaa      c\nx\n");
});
