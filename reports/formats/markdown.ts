/** The document for a pull request or a wiki: GitHub-flavoured Markdown, the same figures as the table. */
import { distanceColumns, distanceTitle } from "./distances.ts";
import type { Format, Screen } from "./format.ts";
import { columns, type Group, overviewOf, remarksOf } from "./overview.ts";
import { plainText } from "./text.ts";

export const markdown: Format = {
  name: "markdown",
  extension: "md",
  render: (document, screen) => {
    const overview = overviewOf(document);
    const lines = [
      escaped(overview.title),
      ...overview.groups.flatMap((group) => ["", ...groupLines(group, screen)]),
      "",
      ...overview.legend.map((line) => `- ${escaped(line)}`),
      ...section("Notes", overview.notes),
      ...section("Warnings", overview.warnings),
      ...section("Not counted", overview.failures),
    ];
    return `${lines.join("\n")}\n`;
  },
};

function groupLines(group: Group, { distances }: Screen): string[] {
  return [
    `### ${escaped(group.workload)}`,
    "",
    ...(group.parameters === "" ? [] : [`${escaped(group.parameters)}  `]),
    group.loads.map(escaped).join("  \n"),
    "",
    ...tableLines(
      columns,
      group.rows.map(({ texts }) => texts),
    ),
    ...bulletsOf(group),
    ...(distances ? distanceLines(group) : []),
  ];
}

function distanceLines({ distances }: Group): string[] {
  return distances.length === 0
    ? []
    : ["", `${escaped(distanceTitle)}:`, "", ...tableLines(distanceColumns, distances)];
}

/** The first two columns say whose row it is; the others are figures. */
function tableLines(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const row = (texts: readonly string[]): string => `| ${texts.map(escaped).join(" | ")} |`;
  const alignment = header.map((_, column) => (column < 2 ? ":--" : "--:")).join(" | ");
  return [row(header), `| ${alignment} |`, ...rows.map(row)];
}

/** What is to be said of single rows, one bullet each. */
function bulletsOf(group: Group): string[] {
  const lines = remarksOf(group).map((remark) => `- ${escaped(remark)}`);
  return lines.length === 0 ? [] : ["", ...lines];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `**${title}**`, "", ...lines.map((line) => `- ${escaped(line)}`)];
}

/** Text that Markdown shows as it stands: no markup, no HTML, no mention, no reference, no link, no formula. */
function escaped(text: string): string {
  return plainText(text).replaceAll(MARKUP, (found) =>
    /[&<>@#$:]/.test(found) ? `&#${found.charCodeAt(0)};` : `\\${found}`,
  );
}

/** A colon only before two slashes, where GitHub would make a link of it. */
const MARKUP = /[\\`*_[\]|~&<>@#$]|:(?=\/\/)/g;
