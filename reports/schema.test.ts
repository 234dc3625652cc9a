import { expect, test } from "vitest";
import type { TrialRow } from "./analyze.ts";
import {
  closedScene,
  completed,
  environment,
  plannedTrial,
  planOf,
  rowOf,
  sampleDocument,
} from "./fixtures/document.ts";
import { metrics } from "./metrics/catalog.ts";
import { fileMetrics, leafOf, pathOf } from "./metrics/tree.ts";
import { assembleReport } from "./report.ts";
import { parseResult, resultSchema } from "./schema.ts";

/**
 * As much of JSON Schema 2020-12 as the schema uses; an unknown keyword is an error, so none is passed over.
 */
function violations(schema: unknown, value: unknown, where = "$"): string[] {
  const rules = schema as Record<string, unknown>;
  return Object.entries(rules).flatMap(([keyword, rule]) => check(keyword, rule, rules, value, where));
}

function check(
  keyword: string,
  rule: unknown,
  rules: Record<string, unknown>,
  value: unknown,
  where: string,
): string[] {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  const entries = isObject ? Object.entries(value) : [];
  const properties = (rules.properties ?? {}) as Record<string, unknown>;
  const fails = (broken: boolean): string[] =>
    broken ? [`${where} breaks ${keyword} ${JSON.stringify(rule)}`] : [];
  switch (keyword) {
    case "$schema":
    case "title":
    case "description":
    case "$defs":
      return [];
    case "$ref":
      return violations(definition(rule), value, where);
    case "type":
      return fails(![rule].flat().some((type) => isOfType(value, type)));
    case "const":
      return fails(value !== rule);
    case "enum":
      return fails(!(rule as unknown[]).includes(value));
    case "pattern":
      return fails(typeof value === "string" && !new RegExp(rule as string).test(value));
    case "minimum":
      return fails(typeof value === "number" && value < (rule as number));
    case "maximum":
      return fails(typeof value === "number" && value > (rule as number));
    case "exclusiveMinimum":
      return fails(typeof value === "number" && value <= (rule as number));
    case "anyOf": {
      const objections = (rule as unknown[]).map((option) => violations(option, value, where));
      return objections.some((objection) => objection.length === 0) ? [] : objections.flat();
    }
    case "required":
      return fails(isObject && (rule as string[]).some((key) => !(key in value)));
    case "properties":
      return entries.flatMap(([key, inner]) =>
        key in properties ? violations(properties[key], inner, `${where}.${key}`) : [],
      );
    case "propertyNames":
      return entries.flatMap(([key]) => violations(rule, key, `${where} key ${key}`));
    case "additionalProperties":
      return entries.flatMap(([key, inner]) =>
        key in properties
          ? []
          : rule === false
            ? [`${where}.${key} is unknown`]
            : violations(rule, inner, `${where}.${key}`),
      );
    case "items":
      return Array.isArray(value)
        ? value.flatMap((item, index) => violations(rule, item, `${where}[${index}]`))
        : [];
    default:
      throw new Error(`the validator does not know ${keyword} at ${where}`);
  }
}

const shipped = resultSchema();

/** What a reference of the shipped schema stands for. */
function definition(reference: unknown): unknown {
  const definitions = shipped.$defs as Record<string, unknown>;
  const name = String(reference).replace("#/$defs/", "");
  if (!(name in definitions)) throw new Error(`the schema has no ${reference}`);
  return definitions[name];
}

function isOfType(value: unknown, type: unknown): boolean {
  if (value === null) return type === "null";
  if (Array.isArray(value)) return type === "array";
  return typeof value === type || (type === "integer" && Number.isInteger(value));
}

test("a document satisfies its JSON Schema, and reads back as it was", () => {
  const document = sampleDocument();
  const text = JSON.stringify(document);
  expect(violations(resultSchema(), JSON.parse(text))).toEqual([]);
  expect(parseResult(text, "result.json")).toEqual({ document });
});

test("reading keeps the order of keys", () => {
  const text = JSON.stringify(sampleDocument());
  const read = parseResult(text, "result.json");
  expect("document" in read && JSON.stringify(read.document)).toBe(text);
});

test("the schema names every metric of the catalogue, in trials, in cells and in distances, with its definition", () => {
  const text = JSON.stringify(resultSchema());
  for (const metric of metrics) {
    expect(text.split(JSON.stringify(metric.definition)).length - 1, metric.name).toBe(3);
  }
  expect(resultSchema().$schema).toBe("https://json-schema.org/draft/2020-12/schema");
});

/** One thing wrong in an otherwise good document; a negative control for validator, schema and reader. */
const damages: readonly [string, (document: Record<string, never>) => void, RegExp][] = [
  ["another version", (document) => Object.assign(document, { schemaVersion: 1 }), /schemaVersion/],
  ["an unknown key", (document) => Object.assign(document, { extra: 1 }), /extra/],
  ["an unknown outcome", (document) => Object.assign(firstTrial(document), { outcome: "fine" }), /outcome/],
  [
    "a text for a figure",
    (document) => Object.assign(figures(document), { throughputPerSecond: "12" }),
    /throughputPerSecond/,
  ],
  ["a metric that no one knows", (document) => Object.assign(figures(document), { speed: 12 }), /speed/],
  [
    "a metric that is missing",
    (document) => Reflect.deleteProperty(figures(document), "waitNs"),
    /waitNs|required/,
  ],
  ["a broken hash", (document) => Object.assign(firstTrial(document), { traceHash: "abc" }), /traceHash/],
  ["a negative count", (document) => Object.assign(firstTrial(document), { round: -1 }), /round/],
];

function firstTrial(document: Record<string, never>): Record<string, never> {
  return (document as unknown as { trials: Record<string, never>[] }).trials[0] as Record<string, never>;
}

function figures(document: Record<string, never>): Record<string, never> {
  return (firstTrial(document) as unknown as { metrics: Record<string, never> }).metrics;
}

test.each(damages)("a document with %s is refused by schema and reader", (_, damage, named) => {
  const document = JSON.parse(JSON.stringify(sampleDocument()));
  damage(document);
  expect(violations(resultSchema(), document).join("\n")).toMatch(named);
  const read = parseResult(JSON.stringify(document), "result.json");
  expect(
    "problems" in read && read.problems.map(({ where, message }) => `${where} ${message}`).join("\n"),
  ).toMatch(named);
});

test("text that is no JSON is a problem of the file", () => {
  expect(parseResult("{", "run/result.json")).toEqual({
    problems: [{ where: "run/result.json", message: expect.stringMatching(/^is no JSON: /) }],
  });
});

test("no infinite number reaches a document", () => {
  const good = sampleDocument();
  const trial = {
    ...good.trials[0],
    metrics: { throughputPerSecond: Number.POSITIVE_INFINITY },
  } as unknown as TrialRow;
  expect(() =>
    assembleReport({ state: "complete", environment, plan: planOf(), trials: [{ ...trial, valid: false }] }),
  ).toThrow(/document\.trials\.0\.metrics\.throughputPerSecond is Infinity/);
});

test("a cell is the median over its valid trials, with an interval from six on", () => {
  const rows = Array.from({ length: 6 }, (_, round) => {
    const scene = closedScene();
    return rowOf(plannedTrial(scene, "t2", round), scene, completed);
  });
  const shifted = rows.map(
    (row, round): TrialRow => ({
      ...row,
      metrics: fileMetrics((metric) => (metric.name === "throughputPerSecond" ? (round + 1) * 10 : null)),
    }),
  );
  const cellsOf = (trials: readonly TrialRow[]) =>
    assembleReport({ state: "complete", environment, plan: planOf(), trials }).cells[2];
  const whole = cellsOf(shifted);
  expect(whole).toMatchObject({ treatmentId: "t2", n: 6 });
  expect(whole && leafOf(whole.metrics, "throughputPerSecond")).toEqual({
    n: 6,
    estimate: 35,
    interval: { low: 10, high: 60, coverageShare: 0.96875 },
  });
  expect(whole && leafOf(whole.metrics, "waitNs.p50")).toEqual({ n: 0, estimate: null, interval: null });
  const fewer = cellsOf(shifted.map((row, round) => ({ ...row, valid: round !== 5 })));
  expect(fewer && leafOf(fewer.metrics, "throughputPerSecond")).toEqual({
    n: 5,
    estimate: 30,
    interval: null,
  });
});

test("a metric stands where its section and the dots of its name say", () => {
  const byName = new Map(metrics.map((metric) => [metric.name, pathOf(metric)]));
  expect(byName.get("throughputPerSecond")).toEqual(["throughputPerSecond"]);
  expect(byName.get("waitNs.p99")).toEqual(["waitNs", "p99"]);
  expect(byName.get("canaryDelayNs.p99")).toEqual(["starvation", "canaryDelayNs", "p99"]);
  expect(byName.get("rssBytes")).toEqual(["resources", "rssBytes"]);
  expect(() =>
    leafOf(
      fileMetrics(() => 1),
      "speed",
    ),
  ).toThrow(/no metric is called "speed"/);
});
