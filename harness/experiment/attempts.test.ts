import { cpSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { ResultDocument } from "../../reports/report.ts";
import { twoCores } from "../plan/fixtures/fake-runtimes.ts";
import { SUMS_FILE, sumsOf } from "../store/checksums.ts";
import { readPlan } from "../store/store.ts";
import { formatJson } from "../store/stored.ts";
import { freshFolder, type Script, scripted, smallDraft, steadyClock } from "./fixtures/scripted-trial.ts";
import { pictureTrial } from "./index.ts";
import type { Progress } from "./loop.ts";
import { resumeRun } from "./resume.ts";
import { runExperiment } from "./start.ts";
import { verifyRun } from "./verify.ts";

/** Two rounds of two treatments; what each execution comes to, in order. */
async function played(script: Script, folder: string = freshFolder()): Promise<ResultDocument> {
  const { document } = await runExperiment({
    draft: smallDraft(),
    cores: twoCores,
    folder,
    runTrial: scripted(script),
    readClock: steadyClock(),
  });
  return document;
}

const refused = ({ trials }: ResultDocument): string[] =>
  trials.filter(({ valid }) => !valid).map(({ id }) => id);

test("noise twice and then none: three attempts, all kept, and the figures are the last one's", async () => {
  const folder = freshFolder();
  const document = await played(["noise", "complete", "noise", "complete"], folder);
  const [first] = readPlan(folder).trials;
  const id = first?.id ?? "";
  expect(document.trials.map((trial) => trial.id).filter((one) => one.startsWith(id))).toEqual([
    id,
    `${id}-a2`,
    `${id}-a3`,
  ]);
  expect(refused(document)).toEqual([id, `${id}-a2`]);
  expect(new Set(document.trials.slice(0, 4).map(({ traceHash }) => traceHash)).size).toBe(1);
  expect(document.state).toBe("complete");
  expect(document.cells.map(({ n }) => n)).toEqual([2, 2]);
  expect(readPlan(folder).trials).toHaveLength(4);
  expect(verifyRun(folder).damage).toEqual([]);
});

test("noise for ever ends after three attempts each, or when the time is spent", async () => {
  const folder = freshFolder();
  const document = await played(["noise"], folder);
  // Four trials of a second are planned, so there is time for four further attempts: those of the first round.
  expect(document.trials.map(({ round, attempt }) => `${round} ${attempt}`)).toEqual([
    ...["0 1", "0 1", "0 2", "0 2", "0 3", "0 3"],
    ...["1 1", "1 1"],
  ]);
  expect(document.state).toBe("failed");
  expect(document.cells.map(({ n }) => n)).toEqual([0, 0]);
  expect(verifyRun(folder).damage).toEqual([]);
});

test("a crash gets no other attempt", async () => {
  expect((await played(["crash"])).trials).toHaveLength(4);
});

test("progress counts the attempts to come and names the attempt", async () => {
  const seen: string[] = [];
  await runExperiment({
    draft: smallDraft(),
    cores: twoCores,
    folder: freshFolder(),
    runTrial: scripted(["noise", "complete"]),
    readClock: steadyClock(),
    onProgress: (progress: Progress) => {
      if (progress.kind !== "started") return;
      seen.push(`${progress.index}/${progress.trialCount} ${progress.attempt} of ${progress.attemptLimit}`);
    },
  });
  expect(seen).toEqual(["1/4 1 of 3", "2/5 1 of 3", "3/5 2 of 3", "4/5 1 of 3", "5/5 1 of 3"]);
});

describe("a run that was interrupted", () => {
  const script: Script = ["noise", "noise", "complete", "noise", "complete", "noise", "complete", "complete"];

  test.each([0, 1, 2, 3, 4, 5, 6, 7])("in execution %d comes to what it would have come to", async (at) => {
    const whole = await played(script);
    expect(whole.trials).toHaveLength(8);
    const folder = freshFolder();
    const abort = new AbortController();
    const { document: partial } = await runExperiment({
      draft: smallDraft(),
      cores: twoCores,
      folder,
      signal: abort.signal,
      runTrial: scripted([...script.slice(0, at), "hang"], (index) => {
        if (index === at) abort.abort(new Error("stopped"));
      }),
      readClock: steadyClock(),
    });
    expect(partial).toMatchObject({ state: "partial" });
    expect(partial.trials).toEqual(whole.trials.slice(0, at));
    expect(verifyRun(folder).damage).toEqual([]);
    let toRun = 0;
    const { document } = await resumeRun({
      reference: folder,
      cores: twoCores,
      runTrial: scripted(script.slice(at)),
      readClock: steadyClock(),
      onProgress: (progress) => {
        if (progress.kind === "planned") toRun = progress.trialCount;
      },
    });
    expect(toRun).toBeGreaterThan(0);
    expect(document.trials).toEqual(whole.trials);
    expect(document.cells).toEqual(whole.cells);
    expect(verifyRun(folder).damage).toEqual([]);
  });
});

describe("verify", () => {
  const original = freshFolder();
  let firstId = "";

  beforeAll(async () => {
    await played(["noise", "complete", "noise", "complete"], original);
    firstId = readPlan(original).trials[0]?.id ?? "";
  });

  function damageAfter(change: (trials: string) => void): string {
    const folder = freshFolder();
    cpSync(original, folder, { recursive: true });
    change(join(folder, "trials"));
    return verifyRun(folder).damage.join("\n");
  }

  test.each([2, 3])("misses attempt %d", (attempt) => {
    const id = `${firstId}-a${attempt}`;
    const damage = damageAfter((trials) => rmSync(join(trials, id), { recursive: true }));
    expect(damage).toContain(`trials/${id} is missing`);
  });

  test("finds a byte of an attempt that was changed", () => {
    for (const name of readdirSync(join(original, "trials", `${firstId}-a2`))) {
      const damage = damageAfter((trials) => {
        const path = join(trials, `${firstId}-a2`, name);
        const bytes = readFileSync(path);
        writeFileSync(path, Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]));
      });
      expect(damage, name).toContain(`trials/${firstId}-a2`);
    }
  });

  test("finds attempts that changed places", () => {
    const damage = damageAfter((trials) => {
      renameSync(join(trials, `${firstId}-a2`), join(trials, "x"));
      renameSync(join(trials, `${firstId}-a3`), join(trials, `${firstId}-a2`));
      renameSync(join(trials, "x"), join(trials, `${firstId}-a3`));
    });
    expect(damage.split("\n")).toHaveLength(2);
  });

  test("finds that a valid trial was run again until it pleased, whoever signs for it", () => {
    const valid = readPlan(original).trials[1];
    const id = `${valid?.id}-a2`;
    const damage = damageAfter((trials) => {
      const folder = join(trials, id);
      cpSync(join(trials, `${firstId}-a3`), folder, { recursive: true });
      const stored = JSON.parse(readFileSync(join(folder, "trial.json"), "utf8"));
      writeFileSync(
        join(folder, "trial.json"),
        formatJson({ ...stored, planned: { ...valid, id, attempt: 2 } }),
      );
      const names = readdirSync(folder).filter((name) => name !== SUMS_FILE);
      writeFileSync(join(folder, SUMS_FILE), sumsOf(folder, names));
    });
    expect(damage).toContain(`trials/${id} is an attempt that nothing called for`);
  });

  test("finds an attempt beyond the last", () => {
    const damage = damageAfter((trials) =>
      cpSync(join(trials, `${firstId}-a3`), join(trials, `${firstId}-a4`), { recursive: true }),
    );
    expect(damage).toContain(`trials/${firstId}-a4 does not belong to the run`);
  });
});

test("an attempt is shown by its id and by its place in the document", async () => {
  const folder = freshFolder();
  const { trials } = await played(["complete", "noise", "complete"], folder);
  const place = trials.findIndex(({ attempt }) => attempt === 2);
  expect(place).toBe(2);
  expect(pictureTrial(folder, "3").trial.id).toBe(trials[place]?.id);
  expect(pictureTrial(folder, trials[place]?.id ?? "").trial.attempt).toBe(2);
  expect(() => pictureTrial(folder, "9")).toThrow(
    /Give one of 5 by its number or its id, from r0-t\d to r1-t\d\./,
  );
});
