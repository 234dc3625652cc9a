import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { culpritIn } from "./culprit.ts";

const ours = fileURLToPath(new URL("./main.js", import.meta.url));

test.each([
  ["a plan's", "at plan (/tmp/a b/plan.ts:3:7)", "/tmp/a b/plan.ts:3:7"],
  ["a runtime's, by its URL", "at file:///tmp/a%20b/mine.mjs?sha256=0f:1:2", "/tmp/a b/mine.mjs:1:2"],
  ["one that was awaited", "at async load (file:///tmp/mine.mjs:4:5)", "/tmp/mine.mjs:4:5"],
  ["isoload's own", `at async main (file://${ours}:1:2)`, null],
  ["Node's", "at process.emit (node:events:524:28)", null],
  ["a package's", "at parse (/tmp/node_modules/other/index.js:1:2)", null],
  ["nobody's", "at async Promise.all (index 0)", null],
])("a frame that is %s", (_, frame, place) => {
  expect(culpritIn(`Error: no luck\n    at node:internal/main:1:1\n    ${frame}`)).toBe(place);
});
