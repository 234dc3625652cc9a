/** How users name a run: a path, an id, or "latest". */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../plan/usage-error.ts";
import { isRemnant, isRun, RUNS_FOLDER } from "../store/store.ts";

/** The run's folder. Throws a UsageError where there is no run. */
export function resolveRun(reference: string): string {
  const candidates = reference === "latest" ? latest() : [reference, join(RUNS_FOLDER, reference)];
  const found = candidates.find((path) => reference !== "" && existsSync(path) && isRun(path));
  if (found !== undefined) return found;
  const remnant = candidates.find((path) => reference !== "" && existsSync(path) && isRemnant(path));
  if (remnant !== undefined) {
    const message = `${remnant} was begun by a process that ended before its plan stood, so nothing was measured. Start it again: isoload run … -o ${remnant}`;
    throw new UsageError([{ where: "", message }]);
  }
  const message =
    reference === "latest"
      ? `there is no run under ${RUNS_FOLDER}. Start one: isoload run`
      : `there is no run at ${JSON.stringify(reference)}. Give the path of a run folder, the id of one under ${RUNS_FOLDER}, or "latest".`;
  throw new UsageError([{ where: "", message }]);
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
