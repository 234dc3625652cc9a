/**
 * Items: how workloads and runtimes are written, `name:key=value,key=value`, and lists of them.
 *
 * A comma before `name=value` continues the item, any other comma starts the next one.
 */

/** One item as typed, its values still text. */
export interface Item {
  readonly name: string;
  /** In the order they were typed. */
  readonly settings: readonly Setting[];
}

export interface Setting {
  readonly key: string;
  readonly value: string;
}

const SETTING = /^(\w[\w-]*)=(.*)$/s;

/** Splits a list of items: all of them or a sentence on each thing that is wrong, never both. */
export function splitItems(text: string): { items: readonly Item[] } | { wrong: readonly string[] } {
  if (text.trim() === "") return { wrong: ["is empty. Give name, or name:key=value,key=value."] };
  const items: { name: string; settings: Setting[] }[] = [];
  const wrong: string[] = [];
  for (const part of text.split(",")) {
    const continued = SETTING.exec(part.trim());
    const last = items.at(-1);
    if (continued !== null && last !== undefined) {
      addSetting(last, continued, wrong);
      continue;
    }
    const [name = "", ...rest] = part.trim().split(":");
    const item = { name: name.trim(), settings: [] as Setting[] };
    items.push(item);
    if (item.name === "") {
      wrong.push(
        `"${text}" has a comma or a colon without a name beside it. Give name:key=value,key=value: lists take commas, without spaces.`,
      );
      continue;
    }
    if (rest.length === 0) continue;
    const first = SETTING.exec(rest.join(":").trim());
    if (first === null) {
      const advice = /[\\/]/.test(rest.join(":"))
        ? "A path can hold no colon and no comma here: go to its folder (cd) and give it from there."
        : `Give ${item.name}:key=value.`;
      wrong.push(`"${part.trim()}" has no key=value after its colon. ${advice}`);
    } else {
      addSetting(item, first, wrong);
    }
  }
  return wrong.length > 0 ? { wrong } : { items };
}

function addSetting(
  item: { name: string; settings: Setting[] },
  [, key = "", value = ""]: RegExpExecArray,
  wrong: string[],
): void {
  if (item.settings.some((setting) => setting.key === key)) {
    wrong.push(`"${item.name}" is given ${key} twice. Give it once.`);
  }
  item.settings.push({ key, value: value.trim() });
}

/** The item as it is shown in reports, whatever spaces it was typed with. */
export function labelOf({ name, settings }: Item): string {
  if (settings.length === 0) return name;
  return `${name}:${settings.map(({ key, value }) => `${key}=${value}`).join(",")}`;
}
