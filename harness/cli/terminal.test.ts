import { expect, test } from "vitest";
import { readTerminal } from "./terminal.ts";

test.each([
  ["a terminal's own", { isTTY: true, columns: 80 }, { COLUMNS: "60" }, 80],
  ["what COLUMNS says where there is none", {}, { COLUMNS: "60" }, 60],
  ["120 where COLUMNS is no width", {}, { COLUMNS: "0" }, 120],
  ["120 where nothing tells", {}, {}, 120],
])("the width is %s", (_, stdout, env, width) => {
  expect(readTerminal({ stdout, stderr: {}, env }).width).toBe(width);
});

test("colour and a live line are for terminals, unless the environment declines them", () => {
  const terminal = { isTTY: true, columns: 80 };
  const read = (env: Readonly<Record<string, string>>): object =>
    readTerminal({ stdout: terminal, stderr: terminal, env });
  expect(read({})).toMatchObject({ color: true, live: true });
  expect(read({ NO_COLOR: "1", CI: "true" })).toMatchObject({ color: false, live: false });
  expect(readTerminal({ stdout: {}, stderr: {}, env: {} })).toMatchObject({ color: false, live: false });
});
