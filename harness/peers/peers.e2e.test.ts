import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { isBareTokioBuilt } from "./bare-tokio.ts";
import { runChild } from "./child.ts";
import type { Contestant } from "./contestant.ts";
import { contestants } from "./contestants.ts";
import type { Job } from "./job.ts";
import { measureOne } from "./rounds.ts";
import { Workshop } from "./work.ts";

const workshop = new Workshop(2.5);
afterAll(() => workshop.close());

/** The smallest of each kind. */
const jobs: readonly Job[] = [
  { kind: "chained", workerCount: 2, taskCount: 300, units: 100, inFlight: 8 },
  { kind: "injected", workerCount: 2, taskCount: 300, units: 0 },
  { kind: "latency", workerCount: 2, taskCount: 300, units: 0, inFlight: 8 },
  { kind: "memory", workerCount: 2, taskCount: 3_000, units: 0 },
  { kind: "blocked", workerCount: 2, taskCount: 300, units: 0, blockNs: 20e6, withinNs: 5e6 },
];

/**
 * What is the same code for several contestants is run for the first of them: the jobs of a pool's process for
 * piscina, trials of isoload by their own tests, here the one job that no trial elsewhere has.
 */
function kindsOf({ name, family }: Contestant): readonly Job["kind"][] {
  if (family === "isoload") return ["blocked"];
  if (family === "model") return ["chained"];
  return family === "program" || name === "piscina" ? jobs.map(({ kind }) => kind) : ["chained", "blocked"];
}

const cases = contestants.flatMap((contestant) =>
  jobs
    .filter(({ kind }) => kindsOf(contestant).includes(kind))
    .filter(({ kind }) => contestant.only === null || contestant.only.includes(kind))
    .map((job) => ({ name: contestant.name, kind: job.kind, contestant, job })),
);
/** Building Tokio takes minutes where nothing is cached, so the bare program is built by the bench alone. */
const isMissing = ({ contestant }: (typeof cases)[number]): boolean =>
  contestant.family === "program"
    ? !isBareTokioBuilt()
    : contestant.family === "isoload" && "absent" in contestant.prepare();
const missing = cases.filter(isMissing);
for (const name of new Set(missing.map(({ contestant }) => contestant.name))) {
  process.stderr.write(`HOLE: ${name} is not here and is not checked; npm run bench:peers says why.\n`);
}

test.for(cases.filter((row) => !isMissing(row)))(
  "$name does the $kind job: every task once, every checksum the reference's",
  async ({ contestant, job }) => {
    expect(await measureOne(contestant, workshop.workFor(job))).toMatchObject({ outcome: "measured" });
  },
);

test.skip.each(missing)(
  "HOLE: $name is not here, so its $kind job is not checked (npm run bench:peers)",
  () => undefined,
);

describe("a peer's process", () => {
  const node = (script: string, limitMs: number): Promise<unknown> =>
    runChild({ command: process.execPath, parameters: ["-e", script], environment: {}, limitMs });

  test.each([
    ["that hangs is killed at its limit", "setInterval(() => {}, 1000)", 300, /killed after 0.3 s/],
    [
      "that crashes is told by its cause",
      "throw new RangeError('broken')",
      60_000,
      /exit code 1: RangeError: broken/,
    ],
    ["that is killed is told by the signal", "process.kill(process.pid, 'SIGKILL')", 60_000, /SIGKILL/],
    ["that says nonsense has no answer", "console.log('fast!')", 60_000, /no JSON/],
    ["that says something else has no answer", "console.log('{\"doneCount\":1}')", 60_000, /no answer/],
  ])("%s", async (_, script, limitMs, message) => {
    await expect(node(script, limitMs)).rejects.toThrow(message);
  });

  test("that cannot be started is a fault", async () => {
    const nowhere = runChild({ command: "/nowhere/at-all", parameters: [], environment: {} });
    await expect(nowhere).rejects.toThrow(/could not be started/);
  });

  test("of a pool ends when its parent lets go of it", async () => {
    const { seedsPath, job } = workshop.workFor({
      kind: "blocked",
      workerCount: 2,
      taskCount: 300,
      units: 0,
      blockNs: 60e9,
      withinNs: 5e6,
    });
    const order = JSON.stringify({ pool: "piscina", job, seedsPath, warmUpCount: 1 });
    const entry = fileURLToPath(new URL("./pools/pool-process.js", import.meta.url));
    const child: ChildProcess = spawn(process.execPath, [entry, order], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    child.stdin?.end();
    expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  });
});

describe("the command", () => {
  const entry = fileURLToPath(new URL("./peers.js", import.meta.url));
  const run = (...parameters: string[]): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, [entry, ...parameters], { encoding: "utf8" });

  test("refuses what it does not know with exit code 2", () => {
    expect(run("--rounds", "many")).toMatchObject({ status: 2, stdout: "" });
    expect(run("--faster")).toMatchObject({ status: 2, stdout: "" });
    expect(run("-o", "/nowhere/at-all/peers.json")).toMatchObject({ status: 2, stdout: "" });
  });

  test("prints its help", () => {
    expect(run("--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("--only <names>") });
  });

  test("prints a document of what was measured", () => {
    const { status, stdout } = run(
      "--quick",
      "--rounds",
      "1",
      "--only",
      "ideal,tinypool,cpu-50us",
      "--format",
      "json",
    );
    expect(status).toBe(0);
    const { rows } = JSON.parse(String(stdout)) as { rows: { contestant: string; outcome: string }[] };
    expect(rows.map(({ contestant }) => contestant).sort()).toEqual(["ideal", "tinypool"]);
    expect(rows.every(({ outcome }) => outcome === "measured")).toBe(true);
  });
});
