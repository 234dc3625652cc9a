/** Users' own runtimes through the whole of a run: named, kept apart, judged, and held to the file they came from. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { formats } from "../../reports/formats/catalog.ts";
import { cheats, fifo, isTrial, lifo, moduleOf, modulePathOf } from "../../runtimes/user/fixtures/modules.ts";
import { verdictOf } from "../cli/exit.ts";
import { UsageError } from "../plan/usage-error.ts";
import { type Drafted, draftPlan } from "./draft.ts";
import { resumeRun } from "./resume.ts";
import { type RunOutcome, runExperiment } from "./start.ts";
import { verifyRun } from "./verify.ts";

const example = fileURLToPath(new URL("../../../runtimes/examples/random-order.mjs", import.meta.url));
const wholeRuntime = fileURLToPath(new URL("./selftest/cheats/runtime.js", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "isoload-users-"));
afterAll(() => rmSync(root, { recursive: true }));
const freshFolder = (): string => join(mkdtempSync(join(root, "run-")), "run");

/** Small, closed and fast: no canary has to come in time. */
async function draftOf(runtimes: readonly string[], workload = "null:tasks=200"): Promise<Drafted> {
  const drafted = await draftPlan({
    config: { workloads: [workload], runtimes, rounds: 1, threads: [2], onNoise: "warn" },
  });
  if ("problems" in drafted) throw new UsageError(drafted.problems);
  return drafted;
}

async function runOf(runtimes: readonly string[], workload?: string): Promise<RunOutcome> {
  return runExperiment({ ...(await draftOf(runtimes, workload)), folder: freshFolder() });
}

/** A run of two of the user's runtimes, in turn, that was interrupted before the second. */
async function interrupted(path: string): Promise<string> {
  const abort = new AbortController();
  const { run } = await runExperiment({
    ...(await draftOf(["single-thread", path])),
    folder: freshFolder(),
    signal: abort.signal,
    onProgress: ({ kind }) => {
      if (kind === "ended") abort.abort(new Error("stopped"));
    },
  });
  return run;
}

const resumed = async (reference: string): Promise<RunOutcome> => {
  const { cores } = await draftOf(["ideal"]);
  return resumeRun({ reference, cores });
};

test("the example runs beside the others, with its options, and its run verifies", async () => {
  const { run, document } = await runOf(
    [`${example}:take=3`, "work-stealing"],
    "block-k:blockers=1,blockMs=5,repeats=2,victimsPerSecond=200,victimUnits=100",
  );
  expect(document.trials.map(({ invalidBecause }) => invalidBecause)).toEqual([[], []]);
  expect(document.treatments.map(({ runtime }) => runtime)).toEqual([
    `${example}:take=3 (random-order)`,
    "work-stealing",
  ]);
  expect(verifyRun(run).damage).toEqual([]);
});

test("a path that its commas take apart is refused once, with what to do", async () => {
  const folder = join(mkdtempSync(join(root, "comma-")), "a,b");
  mkdirSync(folder);
  const path = join(folder, "mine.mjs");
  writeFileSync(path, moduleOf(fifo));
  await expect(draftOf([`${path}:depth=1`])).rejects.toThrow(
    new UsageError([
      {
        where: "config",
        message: `"${path}" is taken apart at its comma. A path can hold no comma and no colon here: go to its folder (cd) and give it from there.`,
      },
    ]),
  );
});

test("two modules with one name stand apart, and one module by two names is measured once", async () => {
  const [first, second] = [modulePathOf(moduleOf(fifo)), modulePathOf(moduleOf(lifo))];
  const { document } = await runOf([first, second, join(first, "..", ".", "mine.mjs")]);
  expect(document.treatments.map(({ runtime }) => runtime)).toEqual([`${first} (mine)`, `${second} (mine)`]);
  expect(document.trials.map(({ valid }) => valid)).toEqual([true, true]);

  const { draft } = await draftOf([`${first},${first.replace("/mine", "/./mine")}`]);
  expect(draft.treatments).toHaveLength(1);
  expect(draft.notes).toEqual([
    `runtimes ${first} (mine) and ${first.replace("/mine", "/./mine")} (mine) are the same: measured once`,
  ]);
});

test("names that mean harm are escaped in every format", async () => {
  const name = "\u001b[31m<script>|`x`\u202e @team";
  const path = modulePathOf(moduleOf(fifo, { name }), "=cmd|<b>`x`\u001b[31m.mjs");
  const { document } = await runOf([path]);
  expect(document.trials.map(({ valid }) => valid)).toEqual([true]);
  for (const { name: format, render } of formats) {
    const text = render(document, { color: false, width: Number.POSITIVE_INFINITY });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
    expect(text, format).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
    expect(text, format).toContain("script");
    if (format === "markdown") expect(text).not.toMatch(/<(script|b)>|@team/);
  }
});

test("what a module prints is kept beside the trial, and spoils none of its events", async () => {
  const printing = `process.stdout.write("no newline {"); console.error("made"); ${fifo}`;
  const path = modulePathOf(`console.log("on its way");\n${moduleOf(printing)}`);
  const { run, document } = await runOf([path]);
  const [row] = document.trials;
  expect(row?.invalidBecause).toEqual([]);
  const printed = readFileSync(join(run, "trials", String(row?.id), "stderr.txt"), "utf8");
  for (const text of ["on its way\n", "no newline {", "made\n"]) expect(printed).toContain(text);
});

test.each([
  ["drops an id", /left lying|never/],
  ["polls an id twice", /started 2 times|twice|repeat/],
  ["polls an id before it is ready", /task 3|left lying|started 2 times|before/],
] as const)("a runtime that %s is diverged, and the run exits with 4", async (cheat, reason) => {
  const { document } = await runOf([modulePathOf(moduleOf(cheats[cheat]))]);
  const [row] = document.trials;
  expect([row?.outcome, row?.metrics, verdictOf(document).code]).toEqual(["diverged", null, 4]);
  expect(row?.invalidBecause.join("; ")).toMatch(reason);
});

test.each([
  ["not-at-all", "completed", /^$/],
  ["wrong-checksum", "diverged", /checksum/],
])(
  "a module may export a whole runtime, and is judged like any: %s is %s",
  async (cheat, outcome, reason) => {
    const { document } = await runOf(
      [`${wholeRuntime}:cheat=${cheat}`],
      "cpu-mix:tasks=64,units=2000,inFlight=4",
    );
    const [row] = document.trials;
    expect(row?.runtime).toBe(`${wholeRuntime}:cheat=${cheat} (cheat)`);
    expect(row?.outcome).toBe(outcome);
    expect(row?.invalidBecause.join("; ")).toMatch(reason);
  },
);

test.each([
  [
    "what a scheduler answers wrongly",
    `if ${isTrial} return { ready() {}, next: () => 1e9 }; ${fifo}`,
    "next() answered 1000000000. It must answer an id",
  ],
  [
    "what it throws",
    `if ${isTrial} throw new Error("no luck"); ${fifo}`,
    "its last words: Error: no luck (mine.mjs:3)",
  ],
  [
    "what it loses in the warm-up",
    "return { ready() {}, next: () => settings.takeInjected() }",
    /the scheduler lost ids: \d+ of 2306 tasks were not done in the warm-up\. Each id given to ready or taken/,
  ],
  [
    "what it answers again before the trial",
    `const queue = []; return {
      ready: (id) => { queue.push(id); },
      next: () => {
        const id = settings.takeInjected();
        if (id >= 0) queue.push(id);
        return queue[0] ?? -1;
      },
    }`,
    /in the warm-up, .*next\(\) answered \d+, which is done\..* remove what you answer/,
  ],
])("%s is the reason of a crash, and what to do stands behind it", async (_, body, reason) => {
  const path = modulePathOf(moduleOf(body));
  const { document } = await runOf([path]);
  const [row] = document.trials;
  expect(row?.outcome).toBe("crashed");
  const reasons = row?.invalidBecause.join("; ");
  if (typeof reason === "string") expect(reasons).toContain(reason);
  else expect(reasons).toMatch(reason);
  expect(reasons).toContain(
    `Check it: isoload selftest --runtime ${path}. All it printed: trials/${row?.id}/`,
  );
});

describe("a run goes on", () => {
  test("where the module is as it was, and what has run stays", async () => {
    const run = await interrupted(modulePathOf(moduleOf(fifo)));
    const { document } = await resumed(run);
    expect(document.trials.map(({ valid }) => valid)).toEqual([true, true]);
    expect(verifyRun(run).damage).toEqual([]);
  });

  test("not with another content of the module, nor without it: both are named", async () => {
    const path = modulePathOf(moduleOf(fifo));
    const run = await interrupted(path);
    writeFileSync(path, moduleOf(lifo));
    await expect(resumed(run)).rejects.toThrow(
      `the runtime ${path} has changed: ${path} has another content`,
    );
    rmSync(path);
    await expect(resumed(run)).rejects.toThrow(`the runtime ${path} has changed: there is no file ${path}`);
    writeFileSync(path, moduleOf(fifo));
    await expect(resumed(run)).resolves.toMatchObject({ document: { state: "complete" } });
  });

  test("and a trial refuses a module that was changed while the run was under way", async () => {
    const path = modulePathOf(moduleOf(fifo));
    const drafted = await draftOf([path]);
    writeFileSync(path, moduleOf(lifo));
    const { document } = await runExperiment({ ...drafted, folder: freshFolder() });
    const [row] = document.trials;
    expect(row?.outcome).toBe("crashed");
    expect(row?.invalidBecause.join("; ")).toContain("has changed since the run began");
  });
});

describe("a path", () => {
  test("in a plan file starts at that file", async () => {
    const folder = mkdtempSync(join(root, "plan-"));
    writeFileSync(join(folder, "mine.mjs"), moduleOf(fifo));
    writeFileSync(join(folder, "plan.yaml"), "workloads: [null]\nruntimes: [./mine.mjs]\n");
    const drafted = await draftPlan({ file: { path: join(folder, "plan.yaml") } });
    expect(drafted).toMatchObject({
      draft: {
        treatments: [
          {
            runtime: "./mine.mjs",
            runtimeLabel: "./mine.mjs (mine)",
            runtimeModule: { path: join(folder, "mine.mjs") },
          },
        ],
      },
    });
  });

  test("and its options are checked like any other's, everything at once", async () => {
    const missing = modulePathOf(null, "missing.mjs");
    const drafted = await draftPlan({
      config: { workloads: ["nul"], runtimes: [`${example}:tak=2`, `${example}:take=0`, missing] },
    });
    expect("problems" in drafted && drafted.problems.map(({ message }) => message)).toEqual([
      `${example}: no parameter is called "tak". Did you mean "take"?`,
      `${example}: take is "0". Give a whole number from 1 to 1000000.`,
      `there is no file ${missing}. Give the path of a module that exports a runtime.`,
      'no workload is called "nul". Did you mean "null"?',
    ]);
  });

  test("can be required like a name", async () => {
    const path = modulePathOf(moduleOf(fifo));
    const config = { workloads: ["null"], runtimes: ["ideal"] };
    expect(await draftPlan({ config: { ...config, require: [path] } })).toHaveProperty("draft");
    const refused = await draftPlan({ config: { ...config, require: ["./nowhere.mjs"] } });
    expect("problems" in refused && refused.problems[0]?.message).toContain("there is no file");
  });
});
