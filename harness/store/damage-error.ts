/** A run on disk is not what was written there. The command line turns it into exit code 4. */
export class DamageError extends Error {
  readonly damage: readonly string[];

  constructor(damage: readonly string[]) {
    super(damage.join("\n"));
    this.name = "DamageError";
    this.damage = damage;
  }
}
