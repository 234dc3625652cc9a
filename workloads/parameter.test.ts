import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { choice, count, nearest, type ParameterTable, parseParameters, quantity } from "./parameter.ts";

const table: ParameterTable = {
  tasks: count("tasks", { min: 1, max: 1000, default: 10 }),
  share: quantity("share", "0…1", { min: 0, max: 1, default: 0.5 }),
  rate: quantity("rate", "a second", { min: 0.1, max: 1e6, default: undefined }),
  mode: choice("mode", ["on", "off"]),
};

describe("parseParameters", () => {
  test("fills in defaults and leaves an optional parameter out", () => {
    expect(parseParameters(table, {}, "w")).toEqual({ values: { tasks: 10, share: 0.5, mode: "on" } });
  });

  test.each([
    ["0", "tasks"],
    ["-1", "tasks"],
    ["1001", "tasks"],
    ["1.5", "tasks"],
    ["NaN", "tasks"],
    ["Infinity", "tasks"],
    ["1e999", "tasks"],
    ["", "tasks"],
    [" 5", "tasks"],
    ["0x10", "tasks"],
    ["5 tasks", "tasks"],
    [Number.NaN, "tasks"],
    [Number.POSITIVE_INFINITY, "tasks"],
    [null, "tasks"],
    [[5], "tasks"],
    [true, "tasks"],
    ["1.01", "share"],
    ["-0.1", "share"],
    ["sometimes", "mode"],
  ])("refuses %j for %s and says what is allowed", (value, name) => {
    const parsed = parseParameters(table, { [name]: value }, "w");
    expect(parsed).toEqual({
      problems: [{ where: `w.${name}`, message: expect.stringMatching(/^is .*\. Give .*\.$/s) }],
    });
  });

  test("names all problems at once, the unknown parameter with its nearest neighbour", () => {
    const parsed = parseParameters(table, { taks: 1, share: 2, mode: "x" }, "w");
    expect("problems" in parsed && parsed.problems.map(({ message }) => message)).toEqual([
      'no parameter is called "taks". Did you mean "tasks"?',
      "is 2. Give a number from 0 to 1 (0…1).",
      'is "x". Give on or off.',
    ]);
  });

  test("does not take an inherited property for a parameter", () => {
    expect("problems" in parseParameters(table, { constructor: 1 }, "w")).toBe(true);
  });

  test("answers values within the ranges or problems, for any input", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("tasks", "share", "rate", "mode", "x"), fc.anything()),
        (given) => {
          const parsed = parseParameters(table, given, "w");
          if ("problems" in parsed) return parsed.problems.length > 0;
          const { tasks } = parsed.values;
          return typeof tasks === "number" && Number.isInteger(tasks) && tasks >= 1 && tasks <= 1000;
        },
      ),
      // What is left undefined has its default.
      { examples: [[{ tasks: undefined }]] },
    );
  });
});

test.each([
  ["blok-k", "block-k"],
  ["BLOCK-K", "block-k"],
  ["nul", "null"],
  ["something else", null],
])("the known name nearest to %s is %s", (name, expected) => {
  expect(nearest(name, ["null", "block-k", "cpu-mix"])).toBe(expected);
});

test("two letters that changed places are one edit", () => {
  expect(nearest("rnu", ["run", "list"])).toBe("run");
  expect(nearest("lsit", ["last", "list"])).toBe("list");
  expect(nearest("unr", ["run"])).toBe(null);
});
