/** How users name a run: a path, an id, or "latest". */
import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../../workloads/parameter.ts";
import { UsageError } from "../plan/usage-error.ts";
import { isRemnant, isRun, RUNS_FOLDER } from "../store/store.ts";

/** The run's folder. Throws a UsageError where there is no run. */
export function resolveRun(reference: string): string {
  const found = findRun(reference);
  if ("run" in found) return found.run;
  throw new UsageError([found]);
}

/** One for every reference to which there is no run. */
export function runProblems(references: readonly string[]): readonly Problem[] {
  return references.map(findRun).filter((found) => "message" in found);
}

function findRun(reference: string): { readonly run: string } | Problem {
  const candidates = reference === "latest" ? latest() : [reference, join(RUNS_FOLDER, reference)];
  const found = candidates.find((path) => reference !== "" && existsSync(path) && isRun(path));
  if (found !== undefined) return { run: found };
  const held = candidates.flatMap((path) => (reference !== "" && existsSync(path) ? heldBack(path) : []));
  if (held[0] !== undefined) return held[0];
  const remnant = candidates.find((path) => reference !== "" && existsSync(path) && isRemnant(path));
  if (remnant !== undefined) {
    const message = `${remnant} was begun by a process that ended before its plan stood, so nothing was measured. Start it again: isoload run … -o ${remnant}`;
    return { where: "", message };
  }
  const message =
    reference === "latest"
      ? `there is no run under ${RUNS_FOLDER}. Start one: isoload run`
      : `there is no run at ${JSON.stringify(reference)}. Give the path of a run folder, the id of one under ${RUNS_FOLDER}, or "latest".`;
  return { where: "", message };
}

/** One where the folder is there and may not be read. */
function heldBack(path: string): Problem[] {
  try {
    accessSync(path, constants.R_OK | constants.X_OK);
    return [];
  } catch (error) {
    return [{ where: path, message: `cannot be read: ${(error as Error).message}. Mend its rights.` }];
  }
}

/** Ids sort by time. */
function latest(): string[] {
  if (!existsSync(RUNS_FOLDER)) return [];
  return readdirSync(RUNS_FOLDER)
    .toSorted()
    .reverse()
    .map((id) => join(RUNS_FOLDER, id))
    .filter(isRun);
}
