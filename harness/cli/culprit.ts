/** Whose code something came from: a user's plan or runtime runs in isoload's own process. */
import { sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The name of a frame's file, its line and its column; a runtime's file has its hash as a query. */
const FRAME = /^\s*at (?:.*? \()?(?:async )?(.+?)(?:\?sha256=\w+)?:(\d+):(\d+)\)?$/;
/** The build, which this file is in. */
const OWN_FOLDER = fileURLToPath(new URL("../..", import.meta.url));

/** The innermost place in a stack that is neither isoload's nor Node's nor a package's, as file:line:column; or null. */
export function culpritIn(stack: string): string | null {
  for (const line of stack.split("\n")) {
    const [, file = "", row, column] = FRAME.exec(line) ?? [];
    const path = file.startsWith("file:") ? fileURLToPath(file) : file;
    const isOthers =
      !path.includes(sep) ||
      path.startsWith("node:") ||
      path.startsWith(OWN_FOLDER) ||
      path.includes(`${sep}node_modules${sep}`);
    if (!isOthers) return `${path}:${row}:${column}`;
  }
  return null;
}
