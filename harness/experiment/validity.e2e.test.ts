/** Real trials that are disturbed: they are refused for that, whatever else the machine is doing. */
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import type { Answer } from "./selftest/answer.ts";
import { disturbedCases } from "./selftest/disturbed.ts";
import { withLive } from "./selftest/live.ts";

const machine = {
  coreCount: availableParallelism(),
  unitNs: 2.5,
  signal: new AbortController().signal,
};

test.skipIf(process.platform !== "linux").each(disturbedCases())("$name", async ({ run }) => {
  const answers: Answer[] = [];
  await withLive(machine, async (live) => {
    for await (const answer of run(live)) answers.push(answer);
  });
  expect(answers).toEqual([
    expect.objectContaining({ verdict: "ok", remark: expect.stringMatching(/^refused: /) }),
  ]);
});
