import { expect, test } from "vitest";
import { BLOCK } from "../../workloads/trace/op.ts";
import { dueAt, MS, openLoad } from "../fixtures/compositions.ts";
import { facts, type Scene, sceneOf, sealAt } from "../fixtures/scene.ts";
import { canariesOf } from "./canaries.ts";
import { restsOf } from "./cause.ts";
import { measureConservation } from "./conservation.ts";
import { measure } from "./measures.ts";

/** Two workers; task k is ready at `readyMs` and polled at `startMs`, in ms. */
function played(
  tasks: readonly (readonly [readyMs: number, startMs: number])[],
  idleMs: readonly (readonly [worker: number, fromMs: number, toMs: number])[],
): Scene {
  const scene = sceneOf(
    openLoad([dueAt(new Array<number>(tasks.length).fill(0), [{ op: "block", ns: MS }])], 200 * MS),
    { periodNs: 0 },
    2,
  );
  for (const [worker, fromMs, toMs] of idleMs) scene.workers[worker]?.idle(fromMs * MS, toMs * MS);
  tasks.forEach(([readyMs, startMs], task) => {
    scene.releaser.submitted(task, readyMs * MS + 1);
    scene.workers[0]?.pollStarts(task, startMs * MS + 1, 0);
    scene.workers[0]?.held(task, BLOCK, startMs * MS + 1, startMs * MS + 2);
    scene.workers[0]?.finished(task, startMs * MS + 2, 0);
  });
  sealAt(scene, 200 * MS);
  return scene;
}

const shareOf = ({ trace, records }: Scene, coreCount = 2): number | null =>
  measure({ trace, records, facts, coreCount, foreign: null }).conservation.violatedShare;

/** Without canaries nobody knows how long waking takes, and a rest of up to 10 ms is one. */
test.each<[string, Parameters<typeof played>, number]>([
  ["both work while it waits", [[[0, 40]], [[0, 100, 200]]], 0],
  ["another rests for a quarter of it", [[[0, 80]], [[1, 10, 30]]], 0.25],
  ["another rests for all of it", [[[0, 80]], [[1, 0, 200]]], 1],
  ["another rests too shortly to be passing over it", [[[0, 80]], [[1, 10, 19]]], 0],
  [
    "another rests twice, in all for longer than waking takes",
    [
      [[0, 80]],
      [
        [1, 10, 18],
        [1, 30, 38],
      ],
    ],
    0.2,
  ],
  [
    "both rest at different times, none for long",
    [
      [[0, 80]],
      [
        [0, 10, 19],
        [1, 30, 39],
      ],
    ],
    0,
  ],
  [
    "a second one waits and none rests",
    [
      [
        [0, 80],
        [100, 120],
      ],
      [[1, 10, 30]],
    ],
    0.2,
  ],
])("of a task that waits while %s, the violated share is known", (_, [tasks, idle], share) => {
  const found = shareOf(played(tasks, idle));
  expect(found).not.toBeNull();
  expect(Math.abs((found ?? Number.NaN) - share)).toBeLessThanOrEqual(1e-9);
});

test("a worker without a core could not have taken it", () => {
  // Three could run on one core but for the one that rests: two are runnable, one too many.
  const scene = sceneOf(openLoad([dueAt([0], [])], 200 * MS), { periodNs: 0 }, 3);
  scene.releaser.submitted(0, 1);
  scene.workers[0]?.pollStarts(0, 80 * MS, 0);
  scene.workers[1]?.idle(0, 80 * MS);
  sealAt(scene, 200 * MS);
  expect(shareOf(scene, 1)).toBe(0);
  expect(shareOf(scene, 2)).toBe(1);
});

test("a task that never started waited until the end, one that was never handed over did not wait", () => {
  const scene = sceneOf(openLoad([dueAt([0, 0], [])], 100 * MS), { periodNs: 0 }, 2);
  scene.releaser.submitted(0, 20 * MS);
  scene.workers[1]?.idle(60 * MS, 100 * MS);
  sealAt(scene, 100 * MS);
  const { trace, records } = scene;
  const rests = restsOf(records, canariesOf(records, 100 * MS), { coreCount: 2, foreign: null });
  expect(measureConservation(trace, records, rests)).toEqual({ waitingNs: 80 * MS, violatedShare: 0.5 });
});

test("what follows another task is ready when that has ended", () => {
  const scene = sceneOf(
    {
      ...openLoad([], 100 * MS),
      streams: [
        {
          release: { loop: "open", arrivals: { kind: "times", atNs: [0, 0] }, sessionCount: 1 },
          variants: [{ share: 1, class: "task", ops: [] }],
        },
      ],
    },
    { periodNs: 0 },
    2,
  );
  const [worker] = scene.workers;
  for (const task of [0, 1]) scene.releaser.submitted(task, 1);
  worker?.pollStarts(0, 1, 0);
  worker?.finished(0, 60 * MS, 0);
  worker?.pollStarts(1, 80 * MS, 0);
  scene.workers[1]?.idle(0, 100 * MS);
  sealAt(scene, 100 * MS);
  const { trace, records } = scene;
  expect(measureConservation(trace, records, null)).toEqual({ waitingNs: 20 * MS, violatedShare: null });
});

test("there is no share where nothing waits, or no rests are recorded", () => {
  expect(shareOf(played([[0, 80]], []))).toBeNull();
  expect(shareOf(played([], [[1, 0, 100]]))).toBeNull();
});
