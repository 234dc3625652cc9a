/**
 * Config files: finds and reads one, and knows where each of its values stands.
 *
 * YAML and JSON are read by the same parser, so that every problem has a line and a column; modules are
 * executed, so their values are named by path only.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { withinLoadLimit } from "../../runtimes/user/module-file.ts";
import type { Problem } from "../../workloads/parameter.ts";
import { shown } from "../../workloads/parameter.ts";
import type { OnNoise } from "../trial/trial.ts";
import { formatPath, type Layer, type Path } from "./layer.ts";

/** A plan as it is written in a config file. */
export interface Config {
  /** Names and paths of modules, which start at the file's own folder. */
  readonly runtimes?: readonly string[];
  readonly threads?: readonly (number | string)[];
  readonly workloads?: readonly (string | ({ readonly name: string } & Record<string, number | string>))[];
  readonly rounds?: number;
  readonly duration?: string;
  readonly seed?: number;
  readonly canaryPeriod?: string;
  /** refuse (the default) or warn: what becomes of trials that something else disturbed. */
  readonly onNoise?: OnNoise;
  /** Measures the same work without blocking beside every treatment with blocks. */
  readonly control?: boolean;
  readonly require?: readonly string[];
}

type Read = { readonly layer: Layer } | { readonly problems: readonly Problem[] };

const BASE = "isoload.config";
const MODULES = [".ts", ".js", ".mjs"];
const TEXTS = [".json", ".yaml", ".yml"];

/** The config file of a folder; null where there is none, a problem where there are several. */
export function findConfig(folder: string): { path: string | null } | { problems: readonly Problem[] } {
  const found = [...MODULES, ...TEXTS]
    .map((extension) => BASE + extension)
    .filter((name) => existsSync(join(folder, name)));
  if (found.length > 1) {
    return {
      problems: [
        { where: found.join(", "), message: "only one config file can hold. Name one or delete the others." },
      ],
    };
  }
  return { path: found[0] ?? null };
}

/** Reads a config file into a layer of settings; the keys and values themselves are judged by the plan. */
export async function readConfig(path: string): Promise<Read> {
  const extension = extname(path);
  if (![...MODULES, ...TEXTS].includes(extension)) {
    const message = `a plan is a file that ends in ${[...MODULES, ...TEXTS].join(", ")}. Where this belongs to a list before it: lists take commas, without spaces.`;
    return { problems: [{ where: path, message }] };
  }
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
    const message = isMissing
      ? "there is no such file. Give the path of a plan, or none for the standard suite."
      : `cannot be read: ${(error as Error).message}`;
    return { problems: [{ where: path, message }] };
  }
  const read = await (MODULES.includes(extension) ? readModule(path) : readText(path, text));
  return "layer" in read ? { layer: { ...read.layer, folder: dirname(path) } } : read;
}

async function readText(path: string, text: string): Promise<Read> {
  const { isMap, isNode, isScalar, isSeq, LineCounter, parseDocument } = await import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    return {
      problems: document.errors.map(({ pos, message }) => ({ where: at(pos[0]), message: `${message}.` })),
    };
  }
  let values: unknown;
  try {
    values = document.toJS();
  } catch (error) {
    // An alias without anchor, or more aliases than the parser is willing to expand.
    return { problems: [{ where: at(0), message: `cannot be read: ${(error as Error).message}.` }] };
  }
  const locate: Layer["locate"] = (steps, part) => {
    let node: unknown = document.contents;
    let key: unknown = null;
    for (const step of steps) {
      if (isMap(node)) {
        const pair = node.items.find((item) => (isScalar(item.key) ? item.key.value : item.key) === step);
        key = pair?.key ?? key;
        node = pair?.value ?? node;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
      }
    }
    const wanted = part === "key" ? key : node;
    const offset = isNode(wanted) ? wanted.range?.[0] : undefined;
    return { where: at(offset ?? 0), subject: formatPath(steps) };
  };
  return layerOf(values, locate);
}

async function readModule(path: string): Promise<Read> {
  const { createJiti } = await import("jiti");
  const own = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
  const jiti = createJiti(import.meta.url, {
    fsCache: false,
    moduleCache: false,
    // So that a plan can import `defineConfig`, and a runtime's types, wherever isoload is installed.
    alias: {
      "isoload/runtime": own("../../runtimes/user/definition.js"),
      isoload: own("../experiment/index.js"),
    },
  });
  try {
    const values: unknown = await withinLoadLimit(jiti.import(resolve(path), { default: true }));
    return layerOf(values, (steps: Path) => ({ where: path, subject: formatPath(steps) }));
  } catch (error) {
    return { problems: [moduleProblem(path, error)] };
  }
}

/** A module may throw anything; its stack says where, when it was an error. */
function moduleProblem(path: string, thrown: unknown): Problem {
  if (!(thrown instanceof Error)) return { where: path, message: `it threw ${shown(thrown)}.` };
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  const stack = `${thrown.message}\n${thrown.stack ?? ""}`;
  const place = stack
    .split("\n")
    .map((line) => /:(\d+):(\d+)\)?$/.exec(line.trimEnd()) ?? null)
    .find((match) => match?.input.includes(`${name}:${match[1]}`));
  const [sentence = ""] = thrown.message.split("\n");
  return {
    where: place == null ? path : `${path}:${place[1]}:${place[2]}`,
    message: `cannot be read: ${sentence.trim()}.`,
  };
}

function layerOf(values: unknown, locate: Layer["locate"]): Read {
  if (typeof values === "object" && values !== null && !Array.isArray(values)) {
    return { layer: { values: values as Readonly<Record<string, unknown>>, locate } };
  }
  const { where } = locate([], "value");
  return {
    problems: [
      {
        where,
        message: `a plan is a mapping of settings, not ${shown(values)}. Start with workloads: [null].`,
      },
    ],
  };
}
