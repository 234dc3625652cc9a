/** How a value that came from outside is quoted in a message: short, on one line, its type visible. */

const LIMIT_CHARACTERS = 60;

export function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > LIMIT_CHARACTERS ? `${value.slice(0, LIMIT_CHARACTERS)}…` : value);
  }
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  return typeof value === "function" ? "a function" : String(value);
}
