/**
 * The peers bench: our two schedulers beside bare Tokio and the worker pools that people use, on identical work.
 *
 * `npm run bench:peers -- --help`. Exit code 0: measured, whatever the goals; 1: a contestant failed; 2: usage.
 */
import { closeSync, openSync, writeFileSync } from "node:fs";
import { CommanderError } from "commander";
import { native } from "../../runtimes/native/native.ts";
import { readCores } from "../machine/cores.ts";
import { observeEnvironment } from "../machine/environment.ts";
import { contestants } from "./contestants.ts";
import { documentOf, type PeersDocument } from "./document.ts";
import { type Order, readFlags } from "./flags.ts";
import { measureRounds } from "./rounds.ts";
import { shapes } from "./shapes.ts";
import { renderTable } from "./table.ts";
import { Workshop } from "./work.ts";

// By a signal nothing would be cleaned up; the process under way ends with its standard input.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));
process.exitCode = await main(process.argv.slice(2));

async function main(parameters: readonly string[]): Promise<number> {
  let read: ReturnType<typeof readFlags>;
  try {
    read = readFlags(parameters, { contestants, shapes });
  } catch (error) {
    // Its message has been printed.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  if ("problems" in read) {
    for (const { where, message } of read.problems) say(`${where}: ${message}`);
    return 2;
  }
  const { order } = read;
  const unwritable = order.outputPath === null ? null : unwritableBecause(order.outputPath);
  if (unwritable !== null) {
    say(`--output: ${unwritable}`);
    return 2;
  }
  const document = await measure(order);
  const json = `${JSON.stringify(document, null, 2)}\n`;
  if (order.outputPath !== null) writeFileSync(order.outputPath, json);
  process.stdout.write(order.format === "json" ? json : renderTable(document));
  return document.rows.some(({ outcome }) => outcome === "failed") ? 1 : 0;
}

/** Asked before minutes are spent on what could then not be written. */
function unwritableBecause(path: string): string | null {
  try {
    closeSync(openSync(path, "a"));
    return null;
  } catch (error) {
    return `${String(error)}. Give a file in an existing folder.`;
  }
}

async function measure(order: Order): Promise<PeersDocument> {
  const { absent, versions } = prepare(order);
  const availability = native.availability();
  const environment = observeEnvironment(readCores(), availability.available ? availability.version : null);
  const { unitNs } = environment.calibration;
  const workshop = new Workshop(unitNs);
  process.once("exit", () => workshop.close());
  const rows = await measureRounds({ ...order, unitNs, workshop, absent, onProgress: say });
  return documentOf({ ...order, environment, versions, absent, rows });
}

/** Builds what has to be built. Who cannot take part is said at once, and again in every table. */
function prepare(order: Order): { absent: Map<string, string>; versions: Map<string, string> } {
  const absent = new Map<string, string>();
  const versions = new Map<string, string>();
  for (const contestant of order.contestants) {
    const prepared = contestant.prepare();
    if ("version" in prepared) versions.set(contestant.name, prepared.version);
    else {
      absent.set(contestant.name, prepared.absent);
      say(`${contestant.name} does not take part: ${prepared.absent}`);
    }
  }
  return { absent, versions };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
