/** Numbers for people: three significant digits and the unit that fits. Only formats call this. */

/** What stands where there is no figure. */
export const NO_FIGURE = "–";

export function nsText(ns: number | null): string {
  return scaled(ns, [
    [1, "ns"],
    [1e3, "µs"],
    [1e6, "ms"],
    [1e9, "s"],
  ]);
}

export function bytesText(bytes: number | null): string {
  return scaled(bytes, [
    [1, "B"],
    [1e3, "kB"],
    [1e6, "MB"],
    [1e9, "GB"],
  ]);
}

/** A rate or a count: 1.23M. */
export function countText(count: number | null): string {
  return scaled(count, [
    [1, ""],
    [1e3, "k"],
    [1e6, "M"],
  ]);
}

export function shareText(share: number | null): string {
  return share === null ? NO_FIGURE : `${significant(share * 100)} %`;
}

/** A probability, to three digits. */
export function probabilityText(p: number): string {
  return significant(p);
}

/** A difference of shares in percentage points: 0.31 pp. */
export function pointsText(share: number): string {
  return `${significant(share * 100)} pp`;
}

/** A difference with its sign. */
export function signed(difference: number, text: (difference: number) => string): string {
  return difference > 0 ? `+${text(difference)}` : text(difference);
}

/** How many times as much: 9.31×. */
export function ratioText(ratio: number | null): string {
  return ratio === null ? NO_FIGURE : `${countText(ratio)}×`;
}

/** A count in full. Medians of an even number of rounds may end in a half. */
export function exactCountText(count: number): string {
  return String(Math.round(count * 10) / 10);
}

function scaled(value: number | null, units: readonly (readonly [number, string])[]): string {
  if (value === null) return NO_FIGURE;
  // Rounded first, so that 999.9 µs becomes 1 ms and not 1000 µs.
  const rounded = Number(value.toPrecision(3));
  let [size, unit] = units[0] ?? [1, ""];
  for (const [nextSize, nextUnit] of units)
    if (Math.abs(rounded) >= nextSize) [size, unit] = [nextSize, nextUnit];
  if (rounded === 0) return unit === "" ? "0" : `0 ${unit}`;
  const number = significant(rounded / size);
  return unit.length > 1 || unit === "s" || unit === "B" ? `${number} ${unit}` : `${number}${unit}`;
}

/** Three significant digits, never in exponent form. */
function significant(value: number): string {
  const rounded = Number(value.toPrecision(3));
  if (rounded !== 0 && Math.abs(rounded) < 1e-3) return rounded < 0 ? "> -0.001" : "< 0.001";
  return rounded.toLocaleString("en-US", { maximumFractionDigits: 6, useGrouping: false });
}
