/** A million tasks, each exactly once; and the cores that the stress must not pass. */
import { describe, expect, test } from "vitest";
import { stressCommand } from "./stress-command.ts";
import { stress } from "./stress-trial.ts";

const realCore = new URL("./core.js", import.meta.url).href;

/** A module whose `Core` is the real one with some methods replaced. */
function brokenCore(methods: string): string {
  const text = `import { Core as Real } from "${realCore}";
    let calls = 0;
    export class Core extends Real { ${methods} }`;
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

const repeating = brokenCore(`
  next(looks) {
    const id = super.next(looks);
    if (id >= 0 && id % 8 === 7 && ++calls % 1000 === 0) this.readyLast(id);
    return id;
  }`);
const losing = brokenCore(`
  next(looks) {
    const id = super.next(looks);
    return id >= 0 && ++calls % 10000 === 0 ? super.next(looks) : id;
  }`);
const deafToTheStop = brokenCore("get isStopped() { return false; }");

async function run(args: readonly string[], coreModule: string, stallLimitMs = 10e3) {
  let out = "";
  let err = "";
  const code = await stressCommand(args, {
    out: (text) => (out += text),
    err: (text) => (err += text),
    coreModule,
    stallLimitMs,
  });
  return { code, out, err };
}

describe("the stress", () => {
  test.each([2, 4])(
    "sees each of a million tasks once with %i workers, and 100 stops",
    async (workerCount) => {
      const result = await stress({
        workerCount,
        taskCount: 1e6,
        cycleCount: 100,
        coreModule: realCore,
        stallLimitMs: 10e3,
        onProgress: () => undefined,
      });
      expect(result).toEqual({
        taskCount: 1e6,
        cycleCount: 100,
        lostCount: 0,
        repeatedCount: 0,
        stalled: null,
      });
    },
  );

  test("ends in a line that says so, and exit code 0", async () => {
    const { code, out } = await run(["--tasks", "1e5", "--workers", "2", "--cycles", "10"], realCore);
    expect([code, out.trim().split("\n").at(-1)]).toEqual([0, "0 lost, 0 repeated"]);
  });

  test("fails a core that hands an id out twice", async () => {
    const { code, out } = await run(["--tasks", "1e5", "--workers", "2", "--cycles", "0"], repeating);
    expect([code, out]).toEqual([1, expect.stringMatching(/\n0 lost, [1-9]\d* repeated\n$/)]);
  });

  test("fails a core that drops an id", async () => {
    const { code, out } = await run(["--tasks", "1e5", "--workers", "2", "--cycles", "0"], losing, 500);
    expect([code, out]).toEqual([1, expect.stringMatching(/nobody goes on\n[1-9]\d* lost, 0 repeated\n$/)]);
  });

  test("fails a core that does not leave at the stop", async () => {
    const { code, out } = await run(
      ["--tasks", "1e3", "--workers", "2", "--cycles", "0"],
      deafToTheStop,
      500,
    );
    expect([code, out]).toEqual([1, expect.stringContaining("a worker did not leave at the stop")]);
  });

  test("tells what it takes, and refuses all else with what to give", async () => {
    expect(await run(["--help"], realCore)).toMatchObject({ code: 0, err: "" });
    const { code, err } = await run(["--tasks", "many", "--workers", "2,0", "--cycles", "-"], realCore);
    expect(code).toBe(2);
    expect(err.split("\n")).toEqual([
      '--tasks is "many". Give a count from 1, like 1e7.',
      '--workers is "2,0". Give numbers from 1 to 64, like 2,4,8.',
      '--cycles is "-". Give a count from 0, like 1000.',
      "",
    ]);
    expect(await run(["--task", "1"], realCore)).toMatchObject({ code: 2, out: "" });
  });
});
