import { expect, test } from "vitest";
import { observeEnvironment } from "../machine/environment.ts";
import { documentOf, type PeersDocument } from "./document.ts";
import { idle, rowsOf } from "./fixtures/scripted-contestant.ts";
import { shapes } from "./shapes.ts";
import { renderTable } from "./table.ts";

const environment = observeEnvironment({ count: 2, source: "affinity", quotaCpus: null }, null);

function documentWith(nativePerSecond: number): PeersDocument {
  const rate = (perSecond: number): { perSecond: number }[] => [
    { perSecond },
    { perSecond: perSecond * 1.1 },
  ];
  return documentOf({
    environment,
    size: "quick",
    roundCount: 2,
    seed: 1,
    contestants: [
      idle("work-stealing", "isoload"),
      idle("native", "isoload"),
      idle("bare-tokio", "program"),
      idle("piscina", "pool"),
    ],
    shapes: shapes.filter(({ name }) => name.startsWith("empty")),
    versions: new Map([["piscina", "5.3.2"]]),
    absent: new Map(),
    rows: ["empty-chained", "empty-injected"].flatMap((shape) => [
      ...rowsOf(shape, "work-stealing", rate(4e6)),
      ...rowsOf(shape, "native", rate(nativePerSecond)),
      ...rowsOf(shape, "bare-tokio", rate(2e6)),
      ...rowsOf(shape, "piscina", [{ perSecond: 50e3 }, null]),
    ]),
  });
}

const nativeRatios = ({ shapes: rows }: PeersDocument): (number | null)[] =>
  rows.map(
    ({ results }) =>
      results.find(({ contestant }) => contestant === "native")?.workStealingOver?.median ?? null,
  );

test("where isoload slows Tokio down, there is no ratio against native and the table says so", () => {
  const slowed = documentWith(1e6);
  expect(slowed.isNativeTrusted).toBe(false);
  expect(nativeRatios(slowed)).toEqual([null, null]);
  expect(renderTable(slowed)).toContain("no ratio against native counts");
});

test("where it does not, there is one", () => {
  const trusted = documentWith(2e6);
  expect(nativeRatios(trusted)).toEqual([2, 2]);
  expect(renderTable(trusted)).not.toContain("no ratio against native counts");
});

test("a round that failed is said, and the others count", () => {
  const [chained] = documentWith(2e6).shapes;
  const piscina = chained?.results.find(({ contestant }) => contestant === "piscina");
  expect(piscina).toMatchObject({ faults: ["as scripted"], workStealingOver: { median: 80, n: 1 } });
  expect(renderTable(documentWith(2e6))).toContain("not measured: piscina: as scripted");
});

test("goals stand beside what was measured, and only those that were asked for", () => {
  const { goals } = documentWith(1.6e6);
  expect(goals.map(({ goal, verdict }) => [goal, verdict])).toEqual([
    ["empty-chained: native / bare-tokio", "missed"],
    ["empty-injected: native / bare-tokio", "missed"],
    ["empty-injected: work-stealing / piscina", "missed"],
    ["empty-injected: work-stealing / best pool", "ok"],
    ["empty-chained: work-stealing / bare-tokio", "ok"],
  ]);
  expect(renderTable(documentWith(1.6e6))).toContain("missed by 11.1 %");
});

test("empty tasks are called an overhead, not a verdict", () => {
  expect(renderTable(documentWith(2e6))).toMatch(/spawn and scheduler overhead, not a verdict/);
});
