import { resolve } from "node:path";
import { expect, test } from "vitest";
import type { Treatment } from "../../harness/trial/trial.ts";
import type { TrialRow } from "../analyze.ts";
import { MS } from "../fixtures/compositions.ts";
import { environment, planOf, sampleDocument } from "../fixtures/document.ts";
import { metrics } from "../metrics/catalog.ts";
import type { Episode } from "../metrics/episodes.ts";
import { fileMetrics } from "../metrics/tree.ts";
import { assembleReport, type ResultDocument } from "../report.ts";
import { parseResult } from "../schema.ts";
import { formats } from "./catalog.ts";
import { csv } from "./csv.ts";
import type { Screen } from "./format.ts";
import { json } from "./json.ts";
import { markdown } from "./markdown.ts";
import { overviewOf, remarksOf } from "./overview.ts";
import { table } from "./table.ts";
import { plainText, visibleWidth, wrapped } from "./text.ts";
import { whyText } from "./why.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const HARMFUL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/** Tests run on the build; the snapshots stand beside the sources. */
const snapshot = (name: string): string =>
  resolve(import.meta.dirname, "../../../reports/formats/snapshots", name);

const wide: Screen = { color: false, width: Number.POSITIVE_INFINITY };

test("the table", async () => {
  await expect(table.render(sampleDocument(), wide)).toMatchFileSnapshot(snapshot("table.snap"));
});

test("a narrow table keeps every column, in further blocks, within its width", async () => {
  const text = table.render(sampleDocument("partial"), { color: false, width: 100 });
  await expect(text).toMatchFileSnapshot(snapshot("narrow-table.snap"));
  const figures = text.split("\n").filter((line) => line.startsWith("  ") && !line.includes("the same load"));
  expect(figures.some((line) => line.includes("why single-thread"))).toBe(true);
  expect(Math.max(...figures.map(visibleWidth))).toBeLessThanOrEqual(100);
});

test("Markdown", async () => {
  await expect(markdown.render(sampleDocument(), wide)).toMatchFileSnapshot(snapshot("markdown.snap"));
});

test("CSV", async () => {
  await expect(csv.render(sampleDocument(), wide)).toMatchFileSnapshot(snapshot("csv.snap"));
});

test("colour changes no visible character", () => {
  const document = sampleDocument();
  const coloured = table.render(document, { color: true, width: 120 });
  expect(coloured).toContain("\u001b[");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences.
  expect(coloured.replaceAll(/\u001b\[\d+m/g, "")).toBe(table.render(document, { color: false, width: 120 }));
});

test.each(formats)("$name lets no control character and no reordering mark through", ({ render }) => {
  expect(render(sampleDocument(), wide)).not.toMatch(HARMFUL);
});

test.each(formats)("$name never starts a line with a command of a CI runner", ({ render }) => {
  const document = sampleDocument();
  const text = render({ ...document, plan: { ...document.plan, notes: ["::error::x", "##[error]x"] } }, wide);
  expect(text).not.toMatch(/^\s*(::|##\[)/m);
});

test("Markdown carries no markup, HTML, mention or table cell from outside", () => {
  const text = markdown.render(sampleDocument(), wide);
  expect(text).not.toMatch(/<(script|b|img)/);
  expect(text).not.toContain("@team");
  expect(text).not.toContain("http://");
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  expect(new Set(rows.map((row) => row.replaceAll("\\|", "").split("|").length))).toEqual(new Set([15]));
});

test("CSV has one row a trial, one column a metric and no formula", () => {
  const lines = csv.render(sampleDocument(), wide).trimEnd().split("\n");
  expect(lines).toHaveLength(5);
  expect(lines[0]?.split(",").slice(-metrics.length)).toEqual(metrics.map(({ name }) => name));
  expect(lines[4]).toContain(`"'=HYPERLINK(""http://x"")"`);
  expect(lines[0]).not.toMatch(/(^|,)[=+@]/);
});

test("JSON reads back as the document and renders to the same text again", () => {
  const document = sampleDocument();
  const text = json.render(document, wide);
  expect(text.endsWith("}\n")).toBe(true);
  const read = parseResult(text, "result.json");
  expect(read).toEqual({ document });
  expect("document" in read && json.render(read.document, wide)).toBe(text);
});

test("why ready work waited is told once a treatment, by its worst valid trial, in every format", () => {
  const document = sampleDocument();
  const why = document.cells[0]?.why;
  expect(why).toMatchObject({ trialId: "r0-t0", cause: "scheduler" });
  expect(document.cells.slice(1).map((cell) => cell.why)).toEqual([null, null, null]);
  for (const format of [table, markdown, csv]) {
    const lines = format.render(document, wide).split("\n");
    const told = lines.filter((line) => line.includes("under block of task 1 on worker 0 (5 ms)"));
    expect(told, format.name).toHaveLength(1);
  }
  const unproven = document.trials.map((trial) => ({ ...trial, valid: false }));
  expect(csv.render({ ...document, trials: unproven }, wide)).not.toContain("under block of task 1");
});

test("a cause that is not known is said to be unknown", () => {
  const why = sampleDocument().cells[0]?.why;
  if (why == null) throw new Error("the sample has a freeze");
  const text = whyText({ ...why, cause: null, causeShare: null, episode: { ...why.episode, holds: [] } });
  expect(text).toMatch(/^cause unknown .* under no hold that has a row$/);
});

test("long lines break between words, and a word that is too long stays whole", () => {
  expect(wrapped("  one two three", 9, "    ")).toEqual(["  one two", "    three"]);
  expect(wrapped("extraordinary two", 5, " ")).toEqual(["extraordinary", " two"]);
  expect(wrapped("  one two three", Number.POSITIVE_INFINITY, " ")).toEqual(["  one two three"]);
});

test("text from outside becomes one harmless line", () => {
  expect(plainText("a\u001b[31mred\u001b[0m\r\nb\tc\u0000\u202ed")).toBe("ared b c d");
  expect(plainText(" \u001b]0;title\u0007::set-output")).toBe(": :set-output");
  expect(plainText("##[group]")).toBe("# #[group]");
  expect(plainText("a::b #1")).toBe("a::b #1");
});

test("widths are counted in columns of a terminal", () => {
  expect(visibleWidth("µs ≥ –")).toBe(6);
  expect(visibleWidth("漢字")).toBe(4);
  expect(visibleWidth("e\u0301")).toBe(1);
  expect(visibleWidth("\u001b[31mred\u001b[39m")).toBe(3);
});

/** Six rounds of a treatment of 1,000 and more responses, each with its control; one control was not valid. */
function controlledDocument(): ResultDocument {
  const sample = planOf();
  const [plain] = sample.treatments;
  const [trace] = sample.traces;
  const [row] = sampleDocument().trials;
  if (plain === undefined || trace === undefined || row === undefined) throw new Error("the sample has them");
  const control = { ...plain, id: "t0-control", controlOf: "t0" };
  const other: Treatment = { ...plain, id: "t1", runtimeLabel: "ideal" };
  const trials = [0, 1, 2, 3, 4, 5].flatMap((round) =>
    [plain, control, other].map(({ id, runtimeLabel }): TrialRow => {
      const p99 = id === "t0-control" ? 2 * MS : 20 * MS * (1 + round);
      const isCrash = id === "t0-control" && round === 5;
      return {
        ...row,
        ...{ id: `r${round}-${id}`, treatmentId: id, round, runtime: runtimeLabel, episodes: [] },
        ...(isCrash ? { valid: false, outcome: "crashed", invalidBecause: ["no luck"], metrics: null } : {}),
        ...(isCrash ? {} : { metrics: fileMetrics(({ name }) => (name === "responseNs.p99" ? p99 : null)) }),
        warnings: [],
      };
    }),
  );
  return assembleReport({
    state: "complete",
    environment,
    plan: {
      ...sample,
      roundCount: 6,
      treatments: [plain, control, other],
      traces: [trace, { ...trace, isControl: true, traceHash: "c0".repeat(32) }],
    },
    trials,
  });
}

test("the slowdown stands in the row of its treatment, and the control has none", async () => {
  const document = controlledDocument();
  const text = table.render(document, wide);
  await expect(text).toMatchFileSnapshot(snapshot("controlled-table.snap"));
  const row = text.split("\n").find((line) => line.startsWith("  single-thread"));
  // 10, 20, 30, 40 and 50 times as slow.
  expect(row).toContain("30×");
  expect(text.split("\n").filter((line) => line.startsWith("  single-thread"))).toHaveLength(1);
  expect(text).toContain("its control, sleeps in place of blocks: 8 tasks (trace c0c0c0c0c0c0)");
  expect(text).toContain(
    "not counted: control of every-op on single-thread, threads 1x (r5-t0-control): crashed",
  );
  expect(markdown.render(document, wide)).toContain("| 30× |");
  const lines = csv.render(document, wide).trimEnd().split("\n");
  const column = lines[0]?.split(",").indexOf("degradation.p99") ?? -1;
  const ratios = lines.slice(1).map((line) => line.split(",")[column]);
  expect(ratios).toEqual([10, 20, 30, 40, 50, ""].flatMap((ratio) => [String(ratio), "", ""]));
});

/** A run of one treatment whose trials have these figures and no others, and these episodes. */
function documentOfTrials(
  figures: readonly Readonly<Record<string, number>>[],
  episodes: readonly Episode[] = [],
): ResultDocument {
  const sample = sampleDocument();
  const plan = planOf();
  const [trial] = sample.trials;
  const [treatment] = plan.treatments;
  if (trial === undefined || treatment === undefined) throw new Error("the sample has them");
  return assembleReport({
    state: "complete",
    environment,
    plan: { ...plan, roundCount: figures.length, treatments: [treatment] },
    trials: figures.map((own, round) => ({
      ...trial,
      ...{ id: `r${round}-${treatment.id}`, round, episodes, warnings: [] },
      metrics: fileMetrics(({ name }) => own[name] ?? null),
    })),
  });
}

const rowOfTrials = (figures: readonly Readonly<Record<string, number>>[]): readonly string[] =>
  overviewOf(documentOfTrials(figures)).groups[0]?.rows[0]?.texts ?? [];

test("the longest freeze and its time are those of one trial", () => {
  const freeze = (ms: number, atMs: number): Record<string, number> => ({
    longestFreezeNs: ms * MS,
    longestFreezeAtNs: atMs * MS,
  });
  expect(rowOfTrials([freeze(100, 900), freeze(50, 10), freeze(40, 500)])).toContain("50 ms at 10 ms");
  expect(rowOfTrials([freeze(100, 800), freeze(90, 10)])).toContain("100 ms at 800 ms");
});

test("a median of delays reads at least where a canary that never ran has part in it", () => {
  const trial = (p99: number, fromMs?: number): Record<string, number> => ({
    "canaryDelayNs.p99": p99 * MS,
    ...(fromMs === undefined ? {} : { canaryCensoredFromNs: fromMs * MS }),
  });
  // The bound of 150 ms may in truth lie above the middle.
  expect(rowOfTrials([trial(200, 150), trial(150), trial(300)])).toContain("≥ 200 ms");
  expect(rowOfTrials([trial(200), trial(150, 100), trial(300)])).toContain("≥ 200 ms");
  expect(rowOfTrials([trial(200, 600), trial(150), trial(300, 250)])).toContain("200 ms");
});

test("where no heartbeat was late it is said that there was no starvation", () => {
  const remarks = (count: number, late: readonly Episode[] = []): string[] => {
    const [group] = overviewOf(documentOfTrials([{ "canaryDelayNs.count": count }], late)).groups;
    return group === undefined ? [] : remarksOf(group);
  };
  expect(remarks(100)).toContain("no starvation (no heartbeat over 10 ms): single-thread, threads 1x (1)");
  expect(remarks(99).join()).not.toContain("no starvation");
  const episode = { thresholdNs: 10 * MS, startNs: 20 * MS, endNs: 30 * MS, holds: [] };
  expect(remarks(100, [episode]).join()).not.toContain("no starvation");
});

/** `native` and `ideal` on the same trace; the figures of the open loop's, and one for which a ratio makes no sense. */
function documentWithIdeal(): ResultDocument {
  const sample = sampleDocument();
  const plan = planOf();
  const [trial] = sample.trials;
  const [treatment] = plan.treatments;
  if (trial === undefined || treatment === undefined) throw new Error("the sample has them");
  const figuresOf: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    ideal: { allHeldShare: 0.25, "waitNs.p50": 0, "waitNs.p99": 40 * MS, donePerSecond: 2000 },
    "na|tive": { allHeldShare: 0.26, "waitNs.p50": 10_000, "waitNs.p99": 50 * MS, donePerSecond: 1900 },
  };
  const named = Object.entries(figuresOf);
  return assembleReport({
    state: "complete",
    environment,
    plan: {
      ...plan,
      treatments: named.map(([runtimeLabel]) => ({ ...treatment, id: runtimeLabel, runtimeLabel })),
    },
    trials: named.map(([runtime, figures]) => ({
      ...trial,
      ...{ id: `r0-${runtime}`, treatmentId: runtime, runtime, warnings: [], episodes: [] },
      metrics: fileMetrics(({ name }) => figures[name] ?? null),
    })),
  });
}

test("the distance from ideal stands beneath where it is asked for, in CSV and JSON always", () => {
  const document = documentWithIdeal();
  expect(document.distances).toHaveLength(1);
  const asked: Screen = { ...wide, distances: true };
  const row = ["1x (1)", "1", "+1 pp (1.04×)", "+10 µs", "+10 ms (1.25×)", "–", "-100 (0.95×)"];
  const shown = table.render(document, asked);
  const line = shown.split("\n").find((text) => text.includes("+1 pp"));
  expect(line?.trim().split(/ {2,}/)).toEqual(["na|tive", ...row]);
  expect(markdown.render(document, asked)).toContain(`| ${["na\\|tive", ...row].join(" | ")} |`);
  for (const format of [table, markdown]) {
    expect(format.render(document, wide)).not.toContain("distance from ideal");
    expect(format.render(sampleDocument(), asked)).not.toContain("distance from ideal");
  }
  const [header = "", , native = ""] = csv.render(document, wide).split("\n");
  const column = header.split(",").indexOf("ideal.waitNs.p99");
  expect(native.split(",")[column]).toBe(String(40 * MS));
  expect(JSON.parse(json.render(document, wide)).distances[0].metrics.waitNs.p99.ratio.estimate).toBe(1.25);
});

test("the distances keep to the width of a narrow screen", () => {
  const text = table.render(documentWithIdeal(), { color: false, width: 60, distances: true });
  const lines = text.split("\n");
  const from = lines.findIndex((line) => line.includes("distance from ideal"));
  const to = lines.indexOf("", lines.indexOf("", from) + 1);
  expect(Math.max(...lines.slice(from, to).map(visibleWidth))).toBeLessThanOrEqual(60);
  expect(lines.filter((line) => line.includes("na|tive") && !line.includes("proven")).length).toBeGreaterThan(
    2,
  );
});

/** The five headline figures and the line of why, by the words that each format has for them. */
const headlines: readonly (readonly [string, readonly string[]])[] = [
  ["table", ["frozen", "longest freeze", "heartbeat p99", "slowdown", "unserved", "why single-thread"]],
  [
    "markdown",
    ["| frozen |", "| longest freeze |", "| heartbeat p99 |", "| slowdown |", "| unserved |", "- why "],
  ],
  [
    "csv",
    [
      ...["starvedShare", "longestFreezeNs", "longestFreezeAtNs", "canaryDelayNs.p99", "degradation.p99"],
      ...["unservedCount", "counts.planned", "why"],
    ],
  ],
  [
    "json",
    [
      ...['"starvedShare"', '"longestFreezeNs"', '"longestFreezeAtNs"', '"canaryDelayNs"', '"degradation"'],
      ...['"unservedCount"', '"planned"', '"why"'],
    ],
  ],
];

test.each(headlines)("%s has the five headline figures and why", (name, words) => {
  const text = formats.find((format) => format.name === name)?.render(sampleDocument(), wide) ?? "";
  for (const word of words) expect(text).toContain(word);
});
