/** The document for a pull request or a wiki: GitHub-flavoured Markdown, the same figures as the table. */
import type { Format } from "./format.ts";
import { columns, type Group, overviewOf } from "./overview.ts";
import { plainText } from "./text.ts";

export const markdown: Format = {
  name: "markdown",
  extension: "md",
  render: (document) => {
    const overview = overviewOf(document);
    const lines = [
      escaped(overview.title),
      ...overview.groups.flatMap((group) => ["", ...groupLines(group)]),
      "",
      ...overview.legend.map((line) => `- ${escaped(line)}`),
      ...section("Notes", overview.notes),
      ...section("Warnings", overview.warnings),
      ...section("Not counted", overview.failures),
    ];
    return `${lines.join("\n")}\n`;
  },
};

function groupLines(group: Group): string[] {
  const row = (texts: readonly string[]): string => `| ${texts.map(escaped).join(" | ")} |`;
  return [
    `### ${escaped(group.workload)}`,
    "",
    ...(group.parameters === "" ? [] : [`${escaped(group.parameters)}  `]),
    group.loads.map(escaped).join("  \n"),
    "",
    row(columns),
    `| ${columns.map((_, column) => (column < 2 ? ":--" : "--:")).join(" | ")} |`,
    ...group.rows.map(({ texts }) => row(texts)),
    ...bulletsOf(group),
  ];
}

/** Why ready work waited, one bullet a row in which it did. */
function bulletsOf({ rows }: Group): string[] {
  const lines = rows.flatMap(({ why }) => (why === null ? [] : [`- ${escaped(why)}`]));
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
