/** A schedule in words: who did what, to which word, in which function of the code under test. */
import type { AccessKind } from "./code.ts";

/** A step that was made. */
export interface Told {
  readonly thread: string;
  /** Function of the code under test. */
  readonly place: string;
  readonly kind: AccessKind;
  readonly word: string;
  readonly operands: readonly [number, number];
  /** What the word read before the step, and after it. */
  readonly before: number;
  readonly after: number;
  /** How a wait went. */
  readonly waiting: "goes on" | "blocked" | "returns early";
  /** Whom a notify let go. */
  readonly notified: string | null;
}

/** One aligned line a step. */
export function linesOf(steps: readonly Told[]): readonly string[] {
  const threadWidth = Math.max(0, ...steps.map(({ thread }) => thread.length));
  const placeWidth = Math.max(0, ...steps.map(({ place }) => place.length));
  return steps.map(
    (step) => `${step.thread.padEnd(threadWidth)}  ${step.place.padEnd(placeWidth)}  ${deedOf(step)}`,
  );
}

/** Writes lines to the test command's output. */
export function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** Who ran how many steps in a row, such as "owner 3, thief 5, owner 1". */
export function turnsOf(steps: readonly Told[]): string {
  const turns: { readonly thread: string; stepCount: number }[] = [];
  for (const { thread } of steps) {
    const last = turns.at(-1);
    if (last?.thread === thread) last.stepCount++;
    else turns.push({ thread, stepCount: 1 });
  }
  return turns.map(({ thread, stepCount }) => `${thread} ${stepCount}`).join(", ");
}

function deedOf({ kind, word, operands: [first, second], before, after, waiting, notified }: Told): string {
  switch (kind) {
    case "read":
    case "load":
      return `${kind} ${word}: ${before}`;
    case "write":
    case "store":
      return `${kind} ${word}: ${after}`;
    case "add":
    case "sub":
      return `${kind} ${word} ${first}: ${before} becomes ${after}`;
    case "exchange":
      return `exchange ${word}: ${before} becomes ${after}`;
    case "cas":
      return `cas ${word} ${first} to ${second}: ${before === first ? "done" : `no, it reads ${before}`}`;
    case "wait":
      return `wait while ${word} is ${first}: ${waiting}`;
    case "notify":
      return `notify ${word}: ${notified === null ? "nobody waits" : `${notified} goes on`}`;
  }
}
