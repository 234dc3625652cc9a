import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import * as realLibrary from "../experiment/index.ts";
import type { Context, Library } from "./context.ts";
import { buildProgram } from "./program.ts";

/** What a command did: its output, its code, or what it threw. */
interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
  readonly thrown: unknown;
}

/** A library that would start trials only by mistake: it counts instead. */
let started = 0;
const quietLibrary: Library = {
  ...realLibrary,
  runExperiment: async ({ draft }) => {
    started += draft.treatments.length;
    throw new Stopped();
  },
  resumeRun: async () => {
    throw new Stopped();
  },
};

class Stopped extends Error {}

let folder = "";

beforeEach(() => {
  started = 0;
  folder = mkdtempSync(join(tmpdir(), "isoload-test-"));
});

async function isoload(line: readonly string[], variables: Context["variables"] = {}): Promise<Outcome> {
  const seen = { out: "", err: "", code: null as number | null, thrown: null as unknown };
  const context: Context = {
    load: async () => quietLibrary,
    variables,
    out: (text) => {
      seen.out += text;
    },
    err: (text) => {
      seen.err += text;
    },
    terminal: { color: false, width: 100, live: false },
    signal: new AbortController().signal,
    exit: (code) => {
      seen.code = code;
    },
  };
  try {
    await buildProgram(context).parseAsync(["node", "isoload", ...line]);
  } catch (error) {
    seen.thrown = error;
  }
  return seen;
}

function problemsOf({ thrown }: Outcome): string {
  return thrown instanceof realLibrary.UsageError ? thrown.message : `no UsageError: ${String(thrown)}`;
}

describe("bad input", () => {
  test.each([
    [["run", "--rond", "3"], '--rond: no flag is called "--rond". Did you mean "--rounds"?'],
    [["run", "--rond=3"], 'no flag is called "--rond"'],
    [["run", "-x"], '-x: no flag is called "-x". See isoload run --help.'],
    [["-x"], '-x: no flag is called "-x". See isoload --help.'],
    [["rnu"], 'no command is called "rnu". Did you mean "run"?'],
    [["help", "rnu"], 'no command is called "rnu". Did you mean "run"?'],
    [["quick", "--rounds", "3"], 'no flag is called "--rounds"'],
    [["lst"], 'no command is called "lst". Did you mean "list"?'],
    [["--verison"], 'Did you mean "--version"?'],
    [["run", "-n", "0"], "-n: rounds is"],
    [["run", "-n", "-1"], "-n: rounds is"],
    [["run", "-n", "1.5"], "-n: rounds is"],
    [["run", "-n", "NaN"], "-n: rounds is"],
    [["run", "-n", "1e9"], "-n: rounds is"],
    [["run", "--seed", "Infinity"], "--seed: seed is"],
    [["run", "--seed", "-1"], "--seed: seed is"],
    [["run", "--duration", "5"], "--duration: duration is"],
    [["run", "--duration", "0s"], "--duration: duration is"],
    [["run", "--duration", "NaNs"], "--duration: duration is"],
    [["run", "--canary-period", "1"], 'from 100us to 1s, like "1ms".'],
    [["run", "-t", "1x", "2x"], "2x: a plan is a file"],
    [["run", "-t", "2y"], "-t: threads is"],
    [["run", "-t", ""], "-t: threads is"],
    [["run", "-w", ""], "-w: is empty. Give name"],
    [["run", "-w", "nul"], 'Did you mean "null"?'],
    [["run", "-w", "null:taks=5"], 'Did you mean "tasks"?'],
    [["run", "-w", "null:tasks=1e99"], "tasks is"],
    [["run", "-r", "single-tread"], 'Did you mean "single-thread"?'],
    [["run", "-r", "single-thread:a=b"], "It takes none"],
    [["run", "--require", "natve"], "--require: no runtime"],
    [["run", "--format", "jsn"], 'Did you mean "json"?'],
    [["run", "nowhere.yaml"], "nowhere.yaml: there is no such file"],
    [["run", "a.yaml", "b.yaml"], "b.yaml: run takes 1 argument"],
    [["run", "--resume", "latest", "-n", "3"], "-n: --resume takes its plan from the run"],
    [["run", "--resume", "x", "a.yaml"], "a.yaml: --resume takes its plan"],
    [["report", "nowhere"], "there is no run at"],
    [["report", "nowhere", "--trial", "1", "--distance"], "without --distance"],
    [["verify", "nowhere"], "there is no run at"],
    [["trace", "nul"], 'Did you mean "null"?'],
    [["trace", "null,block-k"], "one workload at a time"],
    [["list", "--format", "csv"], "no format is called"],
    [["selftest", "--format", "csv"], "no format is called"],
    [["selftest", "--onyl", "D5"], 'Did you mean "--only"?'],
    [["selftest", "--only", "D9"], 'no case has "D9" in its name'],
    [["selftest", "--runtime", "./nowhere.mjs"], "there is no file"],
    [["run", "-w", "null", "-o", ""], "-o: is empty. Give a new or empty folder with -o."],
    [["run", "--control=true"], "--control: takes no value. Give --control alone."],
    [["list", "--help=1"], "--help: takes no value. Give --help alone."],
    [
      ["run", "--rounds"],
      "--rounds <count>: rounds over all treatments (default: 5). See isoload run --help.",
    ],
    [["report"], '<run>: run folders, ids, or "latest". See isoload report --help.'],
    [["verify"], '<run>: a run folder, an id, or "latest". See isoload verify --help.'],
    [["trace"], "e.g. block-k:blockers=2. See isoload trace --help."],
  ])("isoload %j is refused", async (line, part) => {
    const outcome = await isoload(line);
    expect(problemsOf(outcome)).toContain(part);
    expect(outcome).toMatchObject({ out: "", code: null });
    expect(started).toBe(0);
  });

  test("is reported all at once, and nothing is written", async () => {
    const line = ["run", "--rond", "3", "-n", "0", "-w", "nul", "-t", "x", "--format", "xml", "-o", folder];
    writeFileSync(join(folder, "occupied"), "");
    const lines = problemsOf(await isoload(line)).split("\n");
    expect(lines.map((text) => text.slice(0, text.indexOf(":")))).toEqual([
      ...["--rond", "--format", "-n", "-t", "-w", folder],
    ]);
    expect(readdirSync(folder)).toEqual(["occupied"]);
    expect(started).toBe(0);
  });

  test.each([
    [
      ["report", "no1", "no2", "--format", "xml"],
      ['"xml"', '"no1"', '"no2"'],
    ],
    [
      ["report", "--rond", "no1", "--format", "xml"],
      ["--rond", '"xml"'],
    ],
    [
      ["run", "--resume", "no1", "-w", "null"],
      ["-w: ", '"no1"'],
    ],
    [
      ["list", "./no1.mjs", "./no2.mjs", "--format", "csv"],
      ['"csv"', "no1.mjs", "no2.mjs"],
    ],
    [
      ["selftest", "--only", "no1,D5", "--format", "csv"],
      ['"csv"', '"no1"'],
    ],
    [
      ["selftest", "-r", "./no1.mjs", "--format", "csv"],
      ['"csv"', "no1.mjs"],
    ],
  ])("is reported all at once: isoload %j", async (line, parts) => {
    const lines = problemsOf(await isoload(line)).split("\n");
    expect(lines).toEqual(parts.map((part) => expect.stringContaining(part)));
  });

  test.each([
    ["occupied", "is below a file"],
    ["occupied/below", "is below a file"],
    ["occupied/far/below", "is below a file"],
  ])("of -o %s is refused before anything starts", async (name, part) => {
    writeFileSync(join(folder, "occupied"), "");
    const outcome = await isoload(["run", "-w", "null", "-o", join(folder, name)]);
    expect(problemsOf(outcome)).toMatch(new RegExp(`${part}|cannot be written`));
    expect(started).toBe(0);
  });

  test("in a variable is refused by its name, and an empty one does not count", async () => {
    expect(problemsOf(await isoload(["run"], { ISOLOAD_ROUNDS: "x" }))).toContain(
      "ISOLOAD_ROUNDS: rounds is",
    );
    expect((await isoload(["run"], { ISOLOAD_ROUNDS: "" })).thrown).toBeInstanceOf(Stopped);
    expect((await isoload(["run", "-n", "2"], { ISOLOAD_ROUNDS: "x" })).thrown).toBeInstanceOf(Stopped);
  });
});

describe("the help", () => {
  test.each(["", "quick", "run", "list", "report", "verify", "doctor", "selftest", "trace", "help"])(
    "of %j has examples that are understood as they stand",
    async (command) => {
      const { out } = await isoload([...(command === "" ? [] : [command]), "--help"]);
      const lines = out.split("Examples:\n")[1]?.match(/^ {2}isoload .*$/gm) ?? [];
      expect(lines.length).toBeGreaterThan(0);
      for (const line of lines) {
        const [, ...words] = line.trim().split(/ +/);
        if (
          words[0] === "doctor" ||
          words[0] === "selftest" ||
          words.includes("latest") ||
          words.includes("native")
        )
          continue;
        const { thrown, code } = await isoload(words);
        expect(thrown === null || thrown instanceof Stopped ? "understood" : thrown, line).toBe("understood");
        if (thrown === null) expect(code).toBe(0);
      }
    },
  );

  test("is a command, too", async () => {
    for (const [line, flags] of [
      [["help"], ["--help"]],
      [
        ["help", "run"],
        ["run", "--help"],
      ],
    ]) {
      const { out, code } = await isoload(line ?? []);
      expect(out).toBe((await isoload(flags ?? [])).out);
      expect(code).toBe(0);
    }
  });

  test("names every command", async () => {
    const { out } = await isoload(["--help"]);
    for (const name of ["quick", "run", "list", "report", "verify", "doctor", "selftest", "trace"])
      expect(out).toContain(name);
  });
});

test("list tells workloads with parameters and runtimes with availability", async () => {
  const { out, code } = await isoload(["list", "--format", "json"]);
  const listed = JSON.parse(out);
  expect(code).toBe(0);
  expect(listed.workloads.map(({ name }: { name: string }) => name)).toEqual([
    "null",
    "tcp-echo",
    "cpu-mix",
    "block-k",
  ]);
  expect(listed.workloads[3].parameters.blockers).toMatchObject({ kind: "number", default: 2, min: 1 });
  for (const runtime of listed.runtimes) {
    expect(Object.keys(runtime)).toEqual(["name", "available", "reason", "version", "options"]);
    expect(runtime.available ? runtime.version : runtime.reason).toEqual(expect.any(String));
  }
});

test("a trace is the same for the same seed and another for another", async () => {
  const hashOf = async (...more: string[]): Promise<string> =>
    JSON.parse((await isoload(["trace", "block-k", "--format", "json", ...more])).out).traceHash;
  expect(await hashOf()).toBe(await hashOf("--seed", "1"));
  expect(await hashOf()).not.toBe(await hashOf("--seed", "2"));
});

test("a trace has no workers whose connections could be too few", async () => {
  const { out, thrown } = await isoload(["trace", "tcp-echo:connections=1", "--format", "json"]);
  expect(thrown).toBe(null);
  expect(JSON.parse(out)).toMatchObject({ connectionCount: 1 });
});

test("a bare command shows the help as an error", async () => {
  expect(await isoload([])).toMatchObject({ code: 2, out: "", err: expect.stringContaining("Usage:") });
});
