import { resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BLOCK, CPU } from "../../workloads/trace/op.ts";
import { dueAt, MS, openLoad } from "../fixtures/compositions.ts";
import { completed, crashed, plannedTrial, rowOf, starvedScene } from "../fixtures/document.ts";
import { playHeld } from "../fixtures/held.ts";
import { facts, type Scene, sceneOf, sealAt } from "../fixtures/scene.ts";
import { lanesOf, type Picture } from "../lanes.ts";
import { measure } from "../metrics/measures.ts";
import { fileMetrics } from "../metrics/tree.ts";
import { lanesLines } from "./lanes.ts";
import { visibleWidth } from "./text.ts";

/** Tests run on the build; the snapshots stand beside the sources. */
const snapshot = (name: string): string =>
  resolve(import.meta.dirname, "../../../reports/formats/snapshots", name);

const label = "work-stealing:node=/bin/|<b>`@team`\u001b[31m\u202e\n::error::x";

/** The picture of hand-made records, under a label that means harm. */
function pictureOf(scene: Scene): Picture {
  const sample = starvedScene();
  const row = rowOf(plannedTrial(sample, "t0", 0), sample, completed);
  const measures = measure({ ...scene, facts, coreCount: 2, foreign: null });
  const metrics = fileMetrics((metric) => metric.of(measures));
  const { told } = measures.episodes;
  return {
    trial: { ...row, runtime: label, workerCount: scene.workerCount, metrics, episodes: told },
    lanes: lanesOf(scene.trace, scene.records),
  };
}

/** One block on each of two workers; from 50 to 100 ms both are held. */
function secondBlock(): Scene {
  const held = {
    workerCount: 2,
    windowMs: 200,
    blocks: [
      [0, 0, 100],
      [1, 50, 150],
    ],
    allHeld: [[50, 100]],
  } as const;
  return playHeld(held);
}

test("the picture of a trial with a freeze", async () => {
  const text = `${lanesLines(pictureOf(secondBlock()), 100).join("\n")}\n`;
  await expect(text).toMatchFileSnapshot(snapshot("lanes.snap"));
});

test("a refused attempt is drawn, and says which it is and why it does not count", () => {
  const { trial, lanes } = pictureOf(secondBlock());
  const refused = {
    ...trial,
    attempt: 2,
    valid: false,
    refusal: "noise",
    invalidBecause: ["10 ms\u001b[31m of steal"],
  } as const;
  const [title, reason, ...rest] = lanesLines({ trial: refused, lanes }, 100);
  expect(title).toMatch(/, attempt 2 of 3$/);
  expect(reason).toBe("not counted: 10 ms of steal");
  expect(rest).toEqual(lanesLines({ trial, lanes }, 100).slice(1));
});

const rowsOf = (lines: readonly string[]): string[] =>
  lines.filter((line) => /^ *worker \d+ │/.test(line)).map((line) => line.slice(line.indexOf("│") + 1));

test("a worker is dark where a block holds it, shaded where it computes, dotted where it is idle", () => {
  const scene = sceneOf(openLoad([dueAt([0, 0, 0], [{ op: "block", ns: MS }])], 100 * MS), { periodNs: 0 });
  sealAt(scene, 100 * MS);
  const [worker] = scene.workers;
  worker?.held(0, BLOCK, 0, 25 * MS);
  worker?.held(1, CPU, 25 * MS, 50 * MS);
  worker?.idle(50 * MS, 75 * MS);
  // Less than half of its column.
  worker?.held(2, BLOCK, 80 * MS, 81 * MS);
  const lines = lanesLines(pictureOf(scene), 50);
  const plotWidth = 40;
  expect(rowsOf(lines)[0]?.padEnd(plotWidth)).toBe(
    "█".repeat(10) + "▓".repeat(10) + "·".repeat(10) + " ".repeat(10),
  );
  expect(lines.join("\n")).toContain("no canaries");
});

test("the curve rises through a freeze and is empty after it", () => {
  const lines = lanesLines(pictureOf(secondBlock()), 110);
  const bottom = lines[lines.findIndex((line) => line.includes("└")) - 1] ?? "";
  const curve = bottom.slice(bottom.indexOf("│") + 1).padEnd(100);
  expect(curve.slice(0, 25).trim()).toBe("");
  expect(curve.slice(26, 50)).toMatch(/^[▁▂▃▄▅▆▇█]+$/);
  expect(curve.slice(51).trim()).toBe("");
  const top = lines.find((line) => line.startsWith("V")) ?? "";
  expect(top).toMatch(/^V 49\.5 ms │ *▁?▂?▃?▄?▅?▆?▇?█$/);
});

test("no line is wider than the screen, at any width that a plot fits in, and no plot is lost in a narrow one", () => {
  const picture = pictureOf(secondBlock());
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), (width) => {
      const lines = lanesLines(picture, width).slice(1);
      if (width >= 40) expect(Math.max(...lines.map(visibleWidth))).toBeLessThanOrEqual(Math.min(width, 120));
      expect(rowsOf(lines)).toHaveLength(2);
    }),
  );
  expect(lanesLines(picture, Number.POSITIVE_INFINITY)).toEqual(lanesLines(picture, 120));
});

test("what the label contains does no harm", () => {
  const text = lanesLines(pictureOf(secondBlock()), 100).join("\n");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  expect(text).not.toMatch(/^\s*::/m);
});

describe("a picture with little in it", () => {
  test("of a trial whose work is not proven gives the reasons instead", () => {
    const scene = starvedScene();
    const trial = rowOf(plannedTrial(scene, "t1", 0), scene, crashed);
    expect(lanesLines({ trial, lanes: null }, 100).slice(1)).toEqual(
      trial.invalidBecause.map((reason) => expect.stringContaining(reason.slice(0, 20))),
    );
  });

  test("says so where nothing took any time", () => {
    expect(lanesLines(pictureOf(sceneOf({ ...openLoad([], 0) })), 100)).toContain("nothing took any time");
  });

  test("says so where no canary was late, and where no idle stretches are recorded", () => {
    const scene = sceneOf(openLoad([], 10 * MS), { periodNs: MS, phaseNs: 0 }, 40);
    sealAt(scene, 10 * MS);
    for (let canary = 0; canary < 10; canary++) {
      scene.releaser.canarySubmitted(canary, canary * MS, canary * MS);
      scene.workers[0]?.canaryRan(canary, canary * MS);
    }
    const lines = lanesLines(pictureOf(scene), 100);
    expect(lines).toContain("no canary was delayed by more than 10 ms");
    expect(lines).toContain("this runtime records no idle stretches: an idle worker is blank");
    expect(rowsOf(lines)).toHaveLength(32);
    expect(lines.join("\n")).toContain("and 8 more workers");
    expect(lines.join("\n")).toContain("V 0 ns");
  });
});
