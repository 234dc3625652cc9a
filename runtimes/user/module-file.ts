/**
 * A module's file: what it is known by, and how it is imported.
 *
 * It is known by its path and the SHA-256 of its bytes: a run that is resumed, and each of its trials, takes no other.
 * What the module imports in turn is not held to that.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { inTime } from "../in-time.ts";
import type { RuntimeDefinition } from "./definition.ts";
import { isDefinition } from "./shape.ts";

/** What a plan keeps of a module. */
export interface ModuleIdentity {
  /** Absolute. */
  readonly path: string;
  /** Of the file's bytes. */
  readonly sha256: string;
}

/** Whether a runtime is named by a path rather than by a name of the catalogue. */
export function isModulePath(name: string): boolean {
  return /[\\/]|\.[cm]?[jt]s$/.test(name);
}

/** A module may wait for something before it has exported anything, for as long as this. */
const LOAD_LIMIT_MS = 10_000;

/** Reads the file; it is not run. */
export function identifyModule(path: string): ModuleIdentity | { readonly wrong: string } {
  try {
    return { path, sha256: createHash("sha256").update(readFileSync(path)).digest("hex") };
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return {
      wrong: isMissing
        ? `there is no file ${path}. Give the path of a module that exports a runtime.`
        : `${path} cannot be read: ${firstLine(error)}. Give the path of a module that exports a runtime.`,
    };
  }
}

/** The definition in a module that has been checked before, on another thread. */
export async function importDefinition(identity: ModuleIdentity): Promise<RuntimeDefinition> {
  const { default: definition } = await importModule(identity);
  if (!isDefinition(definition)) throw new Error(`${identity.path} exports no runtime any more`);
  return definition;
}

/** The hash in the URL makes a changed file another module, to a process that has loaded it before. */
export async function importModule({
  path,
  sha256,
}: ModuleIdentity): Promise<Readonly<Record<string, unknown>>> {
  const url = pathToFileURL(path);
  url.searchParams.set("sha256", sha256);
  return withinLoadLimit(import(url.href));
}

/** Rejects where loading a module takes too long; it cannot be stopped. */
export function withinLoadLimit<Module>(loading: Promise<Module>): Promise<Module> {
  return inTime(loading, LOAD_LIMIT_MS, `it took longer than ${LOAD_LIMIT_MS / 1e3} s`);
}

/** The first frame of the stack that lies in a user's module, e.g. "mine.mjs:12", or null. */
export function placeOf(thrown: unknown): string | null {
  const stack = thrown instanceof Error ? (thrown.stack ?? "") : "";
  const [, url, line] = /(file:\/\/[^\s()]+)\?sha256=[0-9a-f]+:(\d+):\d+/.exec(stack) ?? [];
  return url === undefined ? null : `${basename(fileURLToPath(url))}:${line}`;
}

/**
 * Where the file has a syntax error, e.g. "mine.mjs:12", or null: it has none, so that one of what it imports has.
 * The error does not tell; another Node, asked to check the file, prints the place.
 */
export function syntaxErrorPlace(path: string): string | null {
  const { stderr } = spawnSync(process.execPath, ["--check", path], {
    encoding: "utf8",
    timeout: LOAD_LIMIT_MS,
  });
  const [, line] = /^.*:(\d+)$/m.exec(stderr) ?? [];
  return line === undefined ? null : `${basename(path)}:${line}`;
}

/** A module may throw anything. */
export function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : `it threw ${String(thrown)}`;
  const [line = ""] = text.split("\n");
  return line.trim().replace(/\.$/, "");
}
