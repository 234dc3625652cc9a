/** Every cheat, and that there is a control: the same scheduler, not tampered with. */
import type { Cheat } from "./cheat.ts";
import { omissions } from "./omissions.ts";
import { pretences } from "./pretences.ts";
import { stamps } from "./stamps.ts";

export const cheats: readonly Cheat[] = [...omissions, ...stamps, ...pretences];

/** The option's value for no cheat at all: the control of the controls. */
export const HONEST = "not-at-all";

/** The cheat called `name`; null: none. */
export function cheatNamed(name: string): Cheat | null {
  return cheats.find((cheat) => cheat.name === name) ?? null;
}
