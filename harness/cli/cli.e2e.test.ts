/** The built command as users start it. What needs a certain runtime is skipped where the catalogue lacks it. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseResult } from "../../reports/schema.ts";
import { type ResultDocument, runtimes } from "../experiment/index.ts";
import { commandLinesWith } from "../trial/fixtures/processes.ts";

const main = fileURLToPath(new URL("./main.js", import.meta.url));
/** Tests run on the build; the package is the folder above it. */
const packageRoot = fileURLToPath(new URL("../../..", import.meta.url));
const example = join(packageRoot, "runtimes/examples/random-order.mjs");
const available = runtimes.filter((runtime) => runtime.availability().available).map(({ name }) => name);
const has = (...names: readonly string[]): boolean => names.every((name) => available.includes(name));
/** Tests run on busy cores. */
const anyMachine = ["--on-noise", "warn"];
/** Fast on every machine, and no canary has to come in time. */
const tiny = ["-w", "null:tasks=200", "-r", "single-thread,work-stealing", "-n", "2", ...anyMachine];

const fresh = (): string => mkdtempSync(join(tmpdir(), "isoload-test-"));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A document is half a megabyte, and Node takes one by default. */
const OUTPUT_LIMIT = 64 * 2 ** 20;

function isoload(cwd: string, ...line: readonly string[]): Ended {
  return spawnSync(process.execPath, [main, ...line], { cwd, encoding: "utf8", maxBuffer: OUTPUT_LIMIT });
}

/** Starts a run of many trials and waits until `count` of them have ended. */
async function started(cwd: string, count: number): Promise<ChildProcess> {
  const line = [
    "run",
    "-w",
    "cpu-mix:tasks=2000",
    "-r",
    "single-thread,work-stealing",
    "-n",
    "5",
    "-o",
    // Whole, so that its trials' command lines name it.
    join(cwd, "run"),
    ...anyMachine,
  ];
  const child = spawn(process.execPath, [main, ...line], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.resume();
  let said = "";
  await new Promise<void>((resolve, reject) => {
    child.once("close", () => reject(new Error(`it ended by itself: ${said}`)));
    child.stderr.on("data", (text: Buffer) => {
      said += text.toString();
      if ((said.match(/: completed/g) ?? []).length >= count) resolve();
    });
  });
  return child;
}

function sumsOf(run: string): Map<string, string> {
  const trials = join(run, "trials");
  const whole = readdirSync(trials).filter((name) => !name.endsWith(".tmp"));
  return new Map(whole.map((id) => [id, readFileSync(join(trials, id, "SHA256SUMS"), "utf8")]));
}

describe("usage", () => {
  test("the version and the help are on standard output", () => {
    expect(isoload(".", "--version")).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
    expect(isoload(".", "run", "--help")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Examples:"),
    });
  });

  test("bad input ends with 2, everything on standard error, nothing written", () => {
    const folder = fresh();
    const ended = isoload(folder, "run", "-w", "nul", "-n", "0", "--rond", "-o", "out");
    expect(ended).toMatchObject({ status: 2, stdout: "" });
    expect(ended.stderr.trim().split("\n")).toHaveLength(3);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("a flag without its value ends with 2", () => {
    expect(isoload(".", "run", "-n")).toMatchObject({ status: 2, stdout: "" });
  });

  test("a reader that stops reading is no defect", async () => {
    const child = spawn(process.execPath, [main, "list"], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    const [code] = await once(child, "close");
    expect(code).toBe(0);
  });

  test
    .skipIf(!existsSync("/dev/full"))
    .each([[["list"]], [["run", "-w", "null:tasks=10", "-n", "1", "-r", "ideal", "--format", "json"]]])(
    "what cannot be written is no success: isoload %j",
    (line) => {
      const full = openSync("/dev/full", "w");
      const { status, stderr } = spawnSync(process.execPath, [main, ...line], {
        cwd: fresh(),
        encoding: "utf8",
        stdio: ["ignore", full, "pipe"],
      });
      closeSync(full);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^standard output cannot be written: ENOSPC.*\. Make room/m);
    },
  );
});

/** Does something before anybody can know what it exports. */
const slowRuntime = (statement: string): string =>
  `setTimeout(() => { ${statement} }, 50);
await new Promise((resolve) => setTimeout(resolve, 9000));
export default { name: "mine", summary: "a test's", workers: "one", makeScheduler: () => ({ ready() {}, next: () => -1 }) };`;

describe("a module of the user's", { timeout: 60_000 }, () => {
  test.each([
    [["run", "ends.mjs"]],
    [["run", "ends.ts"]],
    [["run", "-w", "null", "-r", "./ends.mjs"]],
    [["list", "./ends.mjs"]],
    [["selftest", "-r", "./ends.mjs"]],
  ])("that ends the process is told by its place: isoload %j", (line) => {
    const folder = fresh();
    for (const name of ["ends.mjs", "ends.ts"]) writeFileSync(join(folder, name), "\nprocess.exit(0);");
    const { status, stdout, stderr } = isoload(folder, ...line);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(/^\S+\/ends\.m?[jt]s:2:9: this module ended the process .*\n$/);
  });

  test.each([
    ["throw new Error('late')", /^\S+\/mine\.mjs:1:\d+: this module threw Error: late\. /],
    ["Promise.reject(new Error('late'))", /^\S+\/mine\.mjs:1:\d+: this module threw Error: late\. /],
    ["Promise.reject('late')", /^a plan or runtime module left a promise alone .* "late"\. /],
  ])("that says too late what is wrong is no defect of isoload: %s", (statement, message) => {
    const folder = fresh();
    writeFileSync(join(folder, "mine.mjs"), slowRuntime(statement));
    const { status, stdout, stderr } = isoload(folder, "list", "./mine.mjs");
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).toContain("isoload run --resume goes on with it");
  });

  test("prints on standard error, whatever it prints on", () => {
    const folder = fresh();
    const prints = 'import { stdout } from "node:process";\nconsole.log("one");\nstdout.write("two\\n");\n';
    const plan = 'export default { workloads: ["null:tasks=10"], runtimes: ["ideal"], rounds: 1 };';
    writeFileSync(join(folder, "plan.mjs"), prints + plan);
    const ended = isoload(folder, "run", "plan.mjs", "--format", "json");
    expect(ended.status, ended.stderr).toBe(0);
    expect(JSON.parse(ended.stdout).state).toBe("complete");
    expect(ended.stderr).toMatch(/^one\ntwo\n/);
  });
});

describe("a run", { timeout: 60_000 }, () => {
  test("prints its document, verifies, and is rendered again from its records", () => {
    const folder = fresh();
    const ended = isoload(folder, "run", ...tiny, "--format", "json", "-o", "run");
    expect(ended.status, ended.stderr).toBe(0);
    const document: ResultDocument = JSON.parse(ended.stdout);
    expect(document.state).toBe("complete");
    expect(document.trials.map(({ outcome }) => outcome)).toEqual(Array(4).fill("completed"));
    expect(isoload(folder, "verify", "run")).toMatchObject({ status: 0 });
    expect(isoload(folder, "report", "run", "--format", "json").stdout).toBe(ended.stdout);
    expect(isoload(folder, "run", "--resume", "run", "--format", "json")).toMatchObject({
      status: 0,
      stdout: ended.stdout,
    });
  });

  test("lies under .isoload/runs unless told otherwise, and the latest is found by that name", () => {
    const folder = fresh();
    expect(isoload(folder, "run", ...tiny, "-n", "1").status).toBe(0);
    expect(readdirSync(join(folder, ".isoload", "runs"))).toHaveLength(1);
    expect(isoload(folder, "verify", "latest").status).toBe(0);
    expect(isoload(folder, "report", "latest", "--format", "markdown", "-o", "report.md").status).toBe(0);
    expect(existsSync(join(folder, "report.md"))).toBe(true);
    const distance = isoload(folder, "report", "latest", "--distance");
    expect(distance.stdout, distance.stderr).toContain("distance from ideal");
    const picture = isoload(folder, "report", "latest", "--trial", "1");
    expect(picture.status, picture.stderr).toBe(0);
    expect(picture.stdout).toMatch(/^r0-t\d: null on .*\n[\s\S]*\n *worker 0 │/);
    expect(isoload(folder, "report", "latest", "--trial", "r7-t0")).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('no complete trial "r7-t0"'),
    });
  });

  test("of a user's own runtime is one like the others, and list has its options", () => {
    const folder = fresh();
    copyFileSync(example, join(folder, "mine.mjs"));
    writeFileSync(join(folder, "package.json"), "{}");
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(packageRoot, join(folder, "node_modules", "isoload"));
    const line = ["-w", "null:tasks=200", "-r", "./mine.mjs:take=2,single-thread", "-n", "1", "-o", "run"];
    const ended = isoload(folder, "run", ...line, ...anyMachine);
    expect(ended.status, ended.stderr).toBe(0);
    expect(ended.stdout).toContain("./mine.mjs:take=2 (random-order)");
    expect(isoload(folder, "verify", "run").status).toBe(0);
    expect(isoload(folder, "list", "./mine.mjs").stdout).toMatch(/\.\/mine\.mjs +random-order [0-9a-f]{12}/);
  });

  test.each([
    ["run", "-r", "./nowhere.mjs", "-o", "run"],
    ["run", "-r", "./throws.mjs", "-o", "run"],
    ["list", "./throws.mjs"],
  ])("%s refuses a module that is no runtime with 2, before anything starts", (...line) => {
    const folder = fresh();
    writeFileSync(join(folder, "throws.mjs"), 'throw new Error("no luck")');
    const ended = isoload(folder, ...line);
    expect(ended).toMatchObject({ status: 2, stdout: "" });
    expect(ended.stderr).toMatch(/: there is no file|cannot be loaded: Error: no luck\./);
    expect(ended.stderr.trim().split("\n")).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(["throws.mjs"]);
  });

  test("of a plan file is the run of its settings", () => {
    const folder = fresh();
    const settings =
      "workloads: [{ name: null, tasks: 200 }]\nruntimes: [single-thread]\nrounds: 2\nseed: 5\nonNoise: warn\n";
    writeFileSync(join(folder, "isoload.config.yaml"), settings);
    const ended = isoload(folder, "run", "--format", "json", "-n", "1");
    expect(ended.status, ended.stderr).toBe(0);
    expect(JSON.parse(ended.stdout).plan).toMatchObject({ seed: 5, roundCount: 1 });
  });

  test("with one byte changed is damaged: 4", () => {
    const folder = fresh();
    expect(isoload(folder, "run", ...tiny, "-o", "run").status).toBe(0);
    const path = join(folder, "run", "trials", "r0-t0", "records.bin");
    const bytes = readFileSync(path);
    bytes[100] = (bytes[100] as number) ^ 1;
    writeFileSync(path, bytes);
    const ended = isoload(folder, "verify", "run");
    expect(ended.status).toBe(4);
    expect(ended.stderr).toContain("trials/r0-t0: records.bin is not as it was written");
    expect(isoload(folder, "run", "--resume", "run").status).toBe(4);
  });
});

describe("an interrupted run", { timeout: 60_000 }, () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s: code %d, what is complete is kept, and it can be resumed", async (signal, code) => {
    const folder = fresh();
    const child = await started(folder, 2);
    child.kill(signal);
    const [status] = await once(child, "close");
    expect(status).toBe(code);
    const run = join(folder, "run");
    const before = sumsOf(run);
    expect(before.size).toBeGreaterThanOrEqual(2);
    expect(JSON.parse(readFileSync(join(run, "result.json"), "utf8")).state).toBe("partial");
    expect(isoload(folder, "verify", "run").status).toBe(0);
    expect(isoload(folder, "run", "--resume", "run").status).toBe(0);
    const after = sumsOf(run);
    expect(after.size).toBe(10);
    for (const [id, text] of before) expect(after.get(id)).toBe(text);
  });

  test("kill -9 leaves no process and a run that can be resumed", async () => {
    const folder = fresh();
    const child = await started(folder, 3);
    const trials = (): string[] => commandLinesWith("trial-process", folder);
    // The control: there is one to be left.
    await expect.poll(trials, { timeout: 10_000, interval: 5 }).toHaveLength(1);
    child.kill("SIGKILL");
    await once(child, "close");
    const before = sumsOf(join(folder, "run"));
    await expect.poll(trials, { timeout: 30_000 }).toEqual([]);
    expect(isoload(folder, "run", "--resume", "run").status).toBe(0);
    const after = sumsOf(join(folder, "run"));
    for (const [id, text] of before) expect(after.get(id)).toBe(text);
    expect(isoload(folder, "verify", "run").status).toBe(0);
  });
});

describe("an interruption before anything is measured", { timeout: 60_000 }, () => {
  const hanging =
    'process.stderr.write("under way");\nawait new Promise((resolve) => setTimeout(resolve, 1e6));';

  test.each([
    [["run", "hangs.mjs"], "SIGINT", 130],
    [["run", "-w", "null", "-r", "./hangs.mjs"], "SIGINT", 130],
    [["list", "./hangs.mjs"], "SIGTERM", 143],
    [["selftest", "-r", "./hangs.mjs"], "SIGINT", 130],
    [["doctor"], "SIGINT", 130],
  ] as const)("ends isoload %j: %s is %d", async (line, signal, code) => {
    const folder = fresh();
    writeFileSync(join(folder, "hangs.mjs"), hanging);
    const child = spawn(process.execPath, [main, ...line], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const said = { stdout: "", stderr: "" };
    child.stdout.on("data", (text: Buffer) => {
      said.stdout += text.toString();
    });
    child.stderr.on("data", (text: Buffer) => {
      said.stderr += text.toString();
      if (/under way|measuring this machine/.test(text.toString())) child.kill(signal);
    });
    const [status] = await once(child, "close");
    expect({ status, stdout: said.stdout }).toEqual({ status: code, stdout: "" });
    expect(said.stderr).toContain(`interrupted by ${signal} before anything was measured`);
  });

  test("a plan that does not come is waited for as long as a runtime is", () => {
    const folder = fresh();
    writeFileSync(join(folder, "hangs.mjs"), "await new Promise(() => undefined);");
    expect(isoload(folder, "run", "hangs.mjs")).toMatchObject({
      status: 2,
      stdout: "",
      stderr: "hangs.mjs: cannot be read: it took longer than 10 s.\n",
    });
  });
});

describe("a missing runtime", { timeout: 60_000 }, () => {
  test.skipIf(!runtimes.some(({ name }) => name === "native") || has("native"))(
    "is a note, and with --require exit 5 before anything starts",
    () => {
      const folder = fresh();
      const ended = isoload(folder, "run", ...tiny, "-r", "native", "-n", "1");
      expect(ended).toMatchObject({ status: 0, stderr: expect.stringContaining("native is skipped") });
      const required = isoload(folder, "run", ...tiny, "--require", "native", "-o", "out");
      expect(required).toMatchObject({ status: 5, stdout: "" });
      expect(existsSync(join(folder, "out"))).toBe(false);
    },
  );
});

describe("too few file descriptors", { timeout: 60_000 }, () => {
  test.skipIf(process.platform === "win32")(
    "for the connections fail the trial; it is not run smaller",
    () => {
      const folder = fresh();
      const line = `ulimit -n 64; exec "${process.execPath}" "${main}" run -w tcp-echo -r work-stealing -n 1`;
      const { status, stderr } = spawnSync("sh", ["-c", line], { cwd: folder, encoding: "utf8" });
      // 2: not even isoload's own files could be opened, which it says.
      expect([2, 4], stderr).toContain(status);
      expect(stderr).toMatch(/crashed|Too few files/);
    },
  );
});

describe("every runtime", { timeout: 60_000 }, () => {
  test.skipIf(!has("ideal", "single-thread", "work-stealing"))(
    "executes the same trace with the same result, and nothing is left undone",
    () => {
      const line = ["run", "-w", "null:tasks=2000,cpu-mix:tasks=500", "-n", "2", "--format", "json"];
      const ended = isoload(fresh(), ...line, ...anyMachine);
      expect(ended.status, ended.stderr).toBe(0);
      // The document is what its schema says, figures of live runtimes included.
      expect(parseResult(ended.stdout, "stdout")).not.toHaveProperty("problems");
      const { trials }: ResultDocument = JSON.parse(ended.stdout);
      for (const workload of ["null", "cpu-mix"]) {
        for (const round of [0, 1]) {
          const rows = trials.filter((trial) => trial.workload === workload && trial.round === round);
          expect(rows).toHaveLength(available.length);
          expect(new Set(rows.map(({ traceHash }) => traceHash)).size).toBe(1);
          const results = [...new Set(rows.map(({ resultHash }) => resultHash))];
          expect(results).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
        }
      }
    },
  );
});

describe("selftest", () => {
  test("prints a line an answer and ends with 0 where all are as they must be", () => {
    const { status, stdout } = isoload(fresh(), "selftest", "--only", "D2 on ideal,D5 on ideal");
    expect(stdout).toMatch(
      /^ok +D2 on ideal: all held 50 % \(truth 50 %\), .*\nok +D5 on ideal: .*\n2 answers in /,
    );
    expect(status).toBe(0);
  });

  test("is one document as JSON, and a broken runtime ends with 4", () => {
    const folder = fresh();
    const scheduler = "makeScheduler: () => ({ ready() {}, next: () => 0.5 })";
    writeFileSync(
      join(folder, "mine.mjs"),
      `export default { name: "mine", summary: "a test's", workers: "one", ${scheduler} };`,
    );
    const { status, stdout } = isoload(folder, "selftest", "-r", "./mine.mjs", "--format", "json");
    const { answers } = JSON.parse(stdout);
    expect(answers[0]).toMatchObject({
      verdict: "wrong",
      remark: expect.stringContaining("next() answered 0.5"),
    });
    expect(status).toBe(4);
  });
});
