import { CommanderError } from "commander";
import { expect, test } from "vitest";
import { idle } from "./fixtures/scripted-contestant.ts";
import { readFlags } from "./flags.ts";
import { shapes } from "./shapes.ts";

const catalogue = { contestants: [idle("work-stealing", "isoload"), idle("piscina", "pool")], shapes };
const read = (...parameters: string[]): ReturnType<typeof readFlags> => readFlags(parameters, catalogue);
const names = (items: readonly { readonly name: string }[]): string[] => items.map(({ name }) => name);

test("without flags everything is measured in five rounds", () => {
  expect(read()).toEqual({
    order: { roundCount: 5, seed: 1, size: "full", ...catalogue, format: "table", outputPath: null },
  });
});

test("--only takes contestants and shapes; of a kind that is not named all take part", () => {
  const chosen = read("--only", "piscina,blocked,memory");
  expect("order" in chosen && names(chosen.order.contestants)).toEqual(["piscina"]);
  expect("order" in chosen && names(chosen.order.shapes)).toEqual(["memory", "blocked"]);
  const shapeOnly = read("--only", "blocked");
  expect("order" in shapeOnly && names(shapeOnly.order.contestants)).toEqual(["work-stealing", "piscina"]);
});

test("all problems are told at once, each with its flag and the way out", () => {
  const wrong = read("--rounds", "0", "--seed", "x", "--only", "piscin", "--format", "xml");
  expect("problems" in wrong && wrong.problems).toEqual([
    { where: "--rounds", message: '"0" is none. Give a whole number from 1 to 1000.' },
    { where: "--seed", message: '"x" is none. Give a whole number from 0 to 4294967296.' },
    { where: "--format", message: 'no format is called "xml". Known are table, json.' },
    { where: "--only", message: 'no contestant or shape is called "piscin". Did you mean "piscina"?' },
  ]);
});

test("an unknown flag is refused", () => {
  expect(() => read("--round", "3")).toThrow(CommanderError);
});
