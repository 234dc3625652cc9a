import { expect, test } from "vitest";
import { metrics } from "../../reports/metrics/catalog.ts";
import { fileMetrics } from "../../reports/metrics/tree.ts";
import { UsageError } from "../plan/usage-error.ts";
import { figureOf } from "./figure.ts";

const filed = { metrics: fileMetrics(({ name }) => (name === "lagNs.p50" ? null : name.length)) };

test("every metric of the catalogue is had by its name", () => {
  for (const { name } of metrics) {
    expect(figureOf(filed, name), name).toBe(name === "lagNs.p50" ? null : name.length);
  }
});

test("a trial without figures has none", () => {
  expect(figureOf({ metrics: null }, "waitNs.p99")).toBeNull();
});

test("a name that no metric has is refused with the nearest, figures or none", () => {
  expect(() => figureOf({ metrics: null }, "waitNs.p98")).toThrow(UsageError);
  expect(() => figureOf(filed, "waitsNs.p99")).toThrow(
    'no metric is called "waitsNs.p99". Did you mean "waitNs.p99"?',
  );
});
