/** Rows that break a rule, counted by rule, the first one kept: a broken runtime breaks millions. */

export class Offences {
  readonly #byRule = new Map<string, { rows: number; readonly first: string }>();

  /** One more row breaks `rule`; `what` describes it and is only asked for the first. */
  add(rule: string, what: () => string): void {
    const known = this.#byRule.get(rule);
    if (known === undefined) this.#byRule.set(rule, { rows: 1, first: what() });
    else known.rows++;
  }

  /** One sentence a broken rule. */
  sentences(): string[] {
    return [...this.#byRule.values()].map(({ rows, first }) =>
      rows === 1 ? first : `${first} (and ${rows - 1} more like it)`,
    );
  }
}
