import { expect, test } from "vitest";
import type { TrialRow } from "../../../reports/analyze.ts";
import { cheatAnswer, honestAnswer } from "./cheating.ts";
import type { Cheat } from "./cheats/cheat.ts";
import { judgedAs } from "./fixtures/trials.ts";

const cheat: Cheat = {
  name: "drops-a-task",
  does: "never polls one task",
  outcome: "diverged",
  because: /left lying/,
};

const refused = (
  refusal: TrialRow["refusal"],
  outcome: TrialRow["outcome"],
  why: string,
): Partial<TrialRow> => ({
  valid: false,
  refusal,
  outcome,
  invalidBecause: [why],
});

test.each<[string, Partial<TrialRow>, string]>([
  [
    "is caught when its trial is refused for what it did",
    refused("identity", "diverged", "1 task left lying"),
    "ok",
  ],
  ["got away when its trial is valid", {}, "wrong"],
  ["is not caught by another reason", refused("identity", "diverged", "its checksum is wrong"), "wrong"],
  ["is not caught by a crash", refused("failure", "crashed", "1 task left lying"), "wrong"],
  [
    "is not judged where the machine is all that is said",
    refused("noise", "completed", "steal"),
    "not-judged",
  ],
])("a cheat %s", (_, row, verdict) => {
  expect(cheatAnswer(cheat, judgedAs(row)).verdict).toBe(verdict);
});

test.each<[string, Partial<TrialRow>, string]>([
  ["passes", {}, "ok"],
  ["passes beside others that make it noisy", refused("noise", "completed", "foreign CPU"), "ok"],
  ["must not be called a cheat", refused("identity", "diverged", "1 task left lying"), "wrong"],
  ["must not break", refused("failure", "crashed", "exit code 1"), "wrong"],
])("an honest runtime %s", (_, row, verdict) => {
  expect(honestAnswer(judgedAs(row)).verdict).toBe(verdict);
});
