/**
 * The scheduler's own compiled code, loaded so that its accesses to shared words go to the checker.
 *
 * Each module is read as text and imported under a data: URL in which `./atomics.js` is replaced by a port that
 * hands every access on. The same way a mutant is made: by a textual replacement that must fit exactly once.
 */
import { strict as assert } from "node:assert";
import { readFileSync } from "node:fs";

/** Every kind of access; `read` and `write` are the plain ones. */
export const accessKinds = [
  "read",
  "write",
  "load",
  "store",
  "add",
  "sub",
  "cas",
  "exchange",
  "wait",
  "notify",
] as const;

export type AccessKind = (typeof accessKinds)[number];

/** Performs an access, or breaks off by throwing. Operands are those of the port's function of that name. */
export type Access = (
  kind: AccessKind,
  words: Int32Array,
  at: number,
  ...operands: readonly number[]
) => number | boolean;

/** The modules under test, as they stand or with one of them changed. */
export interface Code {
  readonly Deque: typeof import("../deque.ts").Deque;
  readonly Injector: typeof import("../injector.ts").Injector;
  readonly Idle: typeof import("../idle.ts").Idle;
  readonly Core: typeof import("../core.ts").Core;
  readonly Inlet: typeof import("../inlet.ts").Inlet;
  /** The port itself, for accesses of the cases' own. */
  readonly atomics: typeof import("../atomics.ts");
}

/** One change of the compiled text of a module. */
export interface Mutation {
  /** The module's name, such as "deque.js". */
  readonly module: string;
  readonly from: string;
  readonly to: string;
}

interface Port {
  access: Access;
}

/** Has the same text, and so is the same module, for all code loaded here. */
const portText = `
export const port = { access: undefined };
${accessKinds.map((kind) => `export const ${kind} = (...operands) => port.access("${kind}", ...operands);`).join("\n")}`;

const urlOf = (text: string): string => `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`;

/** Where the accesses of all loaded code go: `access` may be set anew at any time. */
export const port: Port = await portOf(urlOf(portText));

async function portOf(url: string): Promise<Port> {
  const module: { readonly port: Port } = await import(url);
  return module.port;
}

/** Throws where the text of the mutation does not occur exactly once. */
export async function loadCode(mutation: Mutation | null): Promise<Code> {
  let mutatedCount = 0;
  const urls = new Map<string, string>();
  const load = (name: string): string => {
    const known = urls.get(name);
    if (known !== undefined) return known;
    const source = readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
    let text = source;
    if (mutation?.module === name) {
      const pieces = source.split(mutation.from);
      assert(pieces.length === 2, `${name} has ${pieces.length - 1} times: ${mutation.from}`);
      text = pieces.join(mutation.to);
      mutatedCount++;
    }
    const linked = text.replaceAll(
      /(from )"\.\/([a-z-]+\.js)"/g,
      (_, from, imported) => `${from}"${link(imported)}"`,
    );
    const url = urlOf(linked.replace(/\n\/\/# sourceMappingURL=.*/, ""));
    urls.set(name, url);
    return url;
  };
  const link = (name: string): string => (name === "atomics.js" ? urlOf(portText) : load(name));
  const names = ["deque.js", "injector.js", "idle.js", "core.js", "inlet.js"];
  const modules = await Promise.all(names.map((name) => import(load(name))));
  assert(mutation === null || mutatedCount === 1, `${mutation?.module} is not loaded`);
  return Object.assign({ atomics: await import(urlOf(portText)) }, ...modules);
}
