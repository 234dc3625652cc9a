/** What the standard streams are, read off them and the environment. */
import type { Context } from "./context.ts";

/** What of the process decides. */
interface Surroundings {
  readonly stdout: { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: { readonly isTTY?: boolean };
  readonly env: Context["variables"];
}

/** Columns where nothing tells. */
const DEFAULT_WIDTH = 120;

export function readTerminal({ stdout, stderr, env }: Surroundings): Context["terminal"] {
  const { NO_COLOR, CI, COLUMNS = "" } = env;
  const isPlain = NO_COLOR !== undefined && NO_COLOR !== "";
  const width = /^[1-9]\d{0,4}$/.test(COLUMNS) ? Number(COLUMNS) : DEFAULT_WIDTH;
  return {
    color: stdout.isTTY === true && !isPlain,
    width: stdout.columns ?? width,
    live: stderr.isTTY === true && (CI === undefined || CI === ""),
  };
}
