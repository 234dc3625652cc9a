import { afterAll, expect, test } from "vitest";
import { type Contestant, Fault } from "./contestant.ts";
import { idle, scripted } from "./fixtures/scripted-contestant.ts";
import { entrantsOf, measureOne, measureRounds, type Row } from "./rounds.ts";
import { type Shape, shapes } from "./shapes.ts";
import { Workshop } from "./work.ts";

const workshop = new Workshop(2.5);
afterAll(() => workshop.close());
const work = workshop.workFor({ kind: "chained", workerCount: 2, taskCount: 10, units: 3, inFlight: 2 });

test("a contestant that did all the work is measured", async () => {
  const honest = scripted("honest", (answer) => answer);
  expect(await measureOne(honest, work)).toEqual({ outcome: "measured", figures: { perSecond: 1 } });
});

test.each<[string, Contestant, RegExp]>([
  ["drops a task", scripted("c", (answer) => ({ ...answer, doneCount: 9 })), /^9 of 10 tasks are done/],
  ["has another result", scripted("c", (answer) => ({ ...answer, digest: answer.digest + 1 })), /digest/],
  [
    "measures nonsense",
    scripted("c", (answer) => ({ ...answer, figures: { p50Ns: Number.NaN } })),
    /p50Ns is NaN/,
  ],
  ["crashes", scripted("c", () => Promise.reject(new Fault("exit code 3"))), /^exit code 3$/],
])("a contestant that %s is a row that says so, without figures", async (_, contestant, because) => {
  expect(await measureOne(contestant, work)).toEqual({
    outcome: "failed",
    because: expect.stringMatching(because),
  });
});

test("a defect of the bench is no contestant's fault", async () => {
  const broken = scripted("c", () => Promise.reject(new TypeError("ours")));
  await expect(measureOne(broken, work)).rejects.toThrow("ours");
});

const chosen: readonly Shape[] = shapes.filter(({ name }) => ["empty-chained", "latency-1"].includes(name));
const rowsBy = (seed: number): Promise<Row[]> =>
  measureRounds({
    contestants: ["a", "b", "c", "d"].map((name) => scripted(name, (answer) => answer)),
    shapes: chosen,
    size: "quick",
    roundCount: 4,
    seed,
    unitNs: 2.5,
    workshop,
    absent: new Map([["d", "not built"]]),
    onProgress: () => undefined,
  });
const orderOf = (rows: readonly Row[]): string =>
  rows.map(({ shape, contestant }) => shape + contestant).join();

test("every contestant has a row at every shape in every round, absent ones too", async () => {
  const rows = await rowsBy(1);
  expect(new Set(rows.map(({ round, shape, contestant }) => `${round} ${shape} ${contestant}`)).size).toBe(
    32,
  );
  const absent = rows.filter(({ contestant }) => contestant === "d");
  expect(absent).toHaveLength(8);
  expect(absent.every((row) => row.outcome === "absent" && row.because === "not built")).toBe(true);
});

test("the order is the seed's, and another one in every round", async () => {
  const [rows, again, other] = await Promise.all([rowsBy(1), rowsBy(1), rowsBy(2)]);
  expect(orderOf(again)).toBe(orderOf(rows));
  expect(orderOf(other)).not.toBe(orderOf(rows));
  const rounds = [0, 1, 2, 3].map((round) => orderOf(rows.filter((row) => row.round === round)));
  expect(new Set(rounds).size).toBe(4);
});

test("a variant enters its one shape only, and a family the shapes that are open to it", () => {
  const [chained, single] = chosen;
  const all = [idle("lifo=off", "isoload", ["latency-1"]), idle("ideal", "model"), idle("piscina", "pool")];
  const names = (shape: Shape | undefined): string[] =>
    shape === undefined ? [] : entrantsOf(shape, all).map(({ name }) => name);
  expect(names(chained)).toEqual(["piscina"]);
  expect(names(single)).toEqual(["lifo=off", "piscina"]);
});
