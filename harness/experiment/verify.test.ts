import {
  chmodSync,
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { twoCores } from "../plan/fixtures/fake-runtimes.ts";
import { UsageError } from "../plan/usage-error.ts";
import { freshFolder, scripted, smallDraft } from "./fixtures/scripted-trial.ts";
import { runExperiment } from "./start.ts";
import { verifyRun } from "./verify.ts";

const original = freshFolder();

beforeAll(async () => {
  await runExperiment({
    draft: smallDraft(),
    cores: twoCores,
    folder: original,
    runTrial: scripted(["complete", "crash", "complete"]),
  });
});

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** A copy of the run with one change; every change must be found. */
function damageAfter(change: (folder: string) => void): readonly string[] {
  const folder = freshFolder();
  cpSync(original, folder, { recursive: true });
  change(folder);
  try {
    return verifyRun(folder).damage;
  } finally {
    rmSync(dirname(folder), { recursive: true });
  }
}

test("an untouched copy is whole, wherever it lies", () => {
  expect(damageAfter(() => undefined)).toEqual([]);
});

test("one byte changed, cut or added in any file is found", { timeout: 60_000 }, () => {
  const names = files(original);
  expect(names.length).toBeGreaterThan(20);
  for (const name of names) {
    const edit = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      flip: fc.integer({ min: 1, max: 255 }),
      how: fc.constantFrom("change", "cut", "add"),
    });
    fc.assert(
      fc.property(edit, ({ at, flip, how }) => {
        const damage = damageAfter((folder) => {
          const bytes = readFileSync(join(folder, name));
          const index = Math.floor(at * bytes.length);
          if (how === "change" && bytes.length > 0) bytes[index] = (bytes[index] as number) ^ flip;
          const rest = how === "cut" && bytes.length > 0 ? bytes.subarray(index + 1) : bytes.subarray(index);
          const added = how === "add" || bytes.length === 0 ? [flip] : [];
          const changed = Buffer.concat([bytes.subarray(0, index), Buffer.from(added), rest]);
          writeFileSync(join(folder, name), changed);
        });
        expect(damage, `${how} in ${name}`).not.toEqual([]);
      }),
      { numRuns: 8 },
    );
  }
});

test("every file that is missing is named", () => {
  for (const name of files(original)) {
    const damage = damageAfter((folder) => rmSync(join(folder, name)));
    expect(damage.join("\n"), name).toContain(name.split("/").at(-1));
  }
});

test("every trial that is missing is named", () => {
  for (const id of readdirSync(join(original, "trials"))) {
    const damage = damageAfter((folder) => rmSync(join(folder, "trials", id), { recursive: true }));
    expect(damage.join("\n")).toContain(`trials/${id} is missing`);
  }
});

test.each([
  "extra",
  "trials/extra",
  "traces/extra",
  "trials/r0-t0/extra",
  "trials/r9-t9.tmp",
  "result.json.tmp",
])("a stranger at %s is named", (path) => {
  const damage = damageAfter((folder) => writeFileSync(join(folder, path), "x"));
  expect(damage.join("\n")).toContain(`${path.split("/").at(-1)} does not belong`);
});

test("two whole trials that were exchanged are found", () => {
  const damage = damageAfter((folder) => {
    const at = (id: string): string => join(folder, "trials", id);
    renameSync(at("r0-t0"), at("x"));
    renameSync(at("r0-t1"), at("r0-t0"));
    renameSync(at("x"), at("r0-t1"));
  });
  expect(damage).toHaveLength(2);
});

test("a file in place of a trial's folder is damage, not a defect", () => {
  const damage = damageAfter((folder) => {
    rmSync(join(folder, "trials", "r0-t0"), { recursive: true });
    writeFileSync(join(folder, "trials", "r0-t0"), "x");
  });
  expect(damage).not.toEqual([]);
});

test("where there is no run there is nothing to verify", () => {
  expect(() => verifyRun(freshFolder())).toThrow(UsageError);
  expect(() => verifyRun(dirname(original))).toThrow(UsageError);
});

/** As a user who does not own the files, where this one may read everything. */
function withoutRights<Value>(work: () => Value): Value {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

test
  .skipIf(process.geteuid === undefined)
  .each([
    "SHA256SUMS",
    "plan.json",
    "result.json",
    "trials",
    "trials/r0-t0",
    "trials/r0-t0/SHA256SUMS",
    "trials/r0-t0/trial.json",
    ".",
  ])("that %s may not be read is no damage, and is said", (name) => {
  expect(() =>
    damageAfter((folder) => {
      const path = join(folder, name);
      chmodSync(dirname(folder), 0o755);
      const { mode } = statSync(path);
      chmodSync(path, 0);
      try {
        withoutRights(() => verifyRun(folder));
      } finally {
        chmodSync(path, mode);
      }
    }),
  ).toThrow("EACCES: permission denied");
});
