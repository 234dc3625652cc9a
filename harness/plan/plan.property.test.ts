import fc from "fast-check";
import { expect, test } from "vitest";
import { workloads } from "../../workloads/catalog.ts";
import { fakeRuntimes, twoCores } from "./fixtures/fake-runtimes.ts";
import { splitItems } from "./item.ts";
import { flatLayer } from "./layer.ts";
import { parsePlan } from "./plan.ts";

const keys = [
  "workloads",
  "runtimes",
  "threads",
  "rounds",
  "duration",
  "seed",
  "canaryPeriod",
  "control",
  "require",
];
const words = fc.constantFrom(
  ...[
    "null",
    "block-k",
    "tcp-echo:bytes=9",
    "cpu-mix:greedyShare=0.5",
    "ideal",
    "single-thread",
    "native",
    "2x",
  ],
  ...["0", "-1", "NaN", "1s", "1e9s", "", ",", ":", "=", "block-k:blockers=9999,repeats=9999,blockMs=0.1"],
);
const garbage = fc.oneof(
  fc.anything(),
  fc.string(),
  words,
  fc.array(fc.oneof(words, fc.string(), fc.anything())),
);
const settings = fc.oneof(
  fc.dictionary(fc.constantFrom(...keys), garbage),
  fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), garbage),
);

test("whatever comes, it is a whole draft or a list of problems, and never an exception", () => {
  fc.assert(
    fc.property(settings, (values) => {
      const parsed = parsePlan({
        layers: [flatLayer(values, {})],
        cores: twoCores,
        workloads,
        runtimes: fakeRuntimes,
      });
      if ("problems" in parsed) {
        expect(parsed.problems.length).toBeGreaterThan(0);
        expect(parsed).not.toHaveProperty("draft");
        for (const { where, message } of parsed.problems) {
          expect(where).not.toBe("");
          expect(message).toMatch(/[.?]$/);
        }
        return;
      }
      const { draft } = parsed;
      expect(draft.loads.length).toBeGreaterThan(0);
      for (const treatment of draft.treatments) {
        expect(Number.isInteger(treatment.workerCount) && treatment.workerCount >= 1).toBe(true);
        expect(draft.loads.some(({ workload }) => workload === treatment.workload)).toBe(true);
      }
    }),
    { numRuns: 2000 },
  );
});

test("text is split into items or refused, and never throws", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), words), (text) => {
      const split = splitItems(text);
      if ("items" in split) expect(split.items.every(({ name }) => name !== "")).toBe(true);
      else expect(split.wrong.length).toBeGreaterThan(0);
    }),
    { numRuns: 5000 },
  );
});
