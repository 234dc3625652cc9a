import { expect, test } from "vitest";
import { labelOf, splitItems } from "./item.ts";

test.each([
  ["null", ["null"]],
  ["null,tcp-echo", ["null", "tcp-echo"]],
  ["block-k:blockers=2,blockMs=50", ["block-k:blockers=2,blockMs=50"]],
  ["block-k:blockers=2,blockMs=50,null", ["block-k:blockers=2,blockMs=50", "null"]],
  [
    "null,block-k:blockers=2,cpu-mix:units=5,tasks=9",
    ["null", "block-k:blockers=2", "cpu-mix:units=5,tasks=9"],
  ],
  [" null , cpu-mix : units=5 , tasks=9 ", ["null", "cpu-mix:units=5,tasks=9"]],
  ["single-thread:node=/opt/a:b=c/node", ["single-thread:node=/opt/a:b=c/node"]],
  ["cpu-mix,units=5", ["cpu-mix:units=5"]],
  ["null:spawn=", ["null:spawn="]],
])("%j is read as %j", (text, labels) => {
  const split = splitItems(text);
  expect("items" in split && split.items.map(labelOf)).toEqual(labels);
});

test.each([
  ["", "is empty. Give name, or name:key=value"],
  [" ", "is empty. Give name"],
  [",", "without a name"],
  ["null,", "lists take commas, without spaces"],
  ["null,,cpu-mix", "without a name"],
  [":a=1", "without a name"],
  ["null:", "no key=value"],
  ["null:tasks", "no key=value after its colon. Give null:key=value."],
  ["./a:b/mine.mjs", "A path can hold no colon and no comma here: go to its folder (cd)"],
  ["null:=5", "no key=value"],
  ["null:tasks=1,tasks=2", "tasks twice"],
])("%j is refused", (text, part) => {
  const split = splitItems(text);
  expect("wrong" in split && split.wrong.join()).toContain(part);
});
