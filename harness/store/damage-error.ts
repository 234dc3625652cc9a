/** A run on disk is not what was written there. The command line turns it into exit code 4. */
export class DamageError extends Error {
  readonly damage: readonly string[];

  constructor(damage: readonly string[]) {
    super(damage.join("\n"));
    this.name = "DamageError";
    this.damage = damage;
  }
}

/** Whether the world holds a file back rather than having changed it: the user can act, and nothing is damaged. */
export function isForbidden(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM");
}
