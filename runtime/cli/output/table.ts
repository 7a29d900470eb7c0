/**
 * Tables of plain text: columns padded to their widest cell, without borders, so that
 * people and `cut` can read them.
 */
import { stripVTControlCharacters } from "node:util";

/**
 * Lines of a table; the heading is in capitals. A cell may contain colours, but no line
 * breaks.
 */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const all = [
    headings.map((heading) => heading.toUpperCase()),
    ...rows.map((row) => row.map((cell) => cell.replace(/\s*\n\s*/g, " "))),
  ];
  const widths = headings.map((_, column) =>
    Math.max(...all.map((row) => width(row[column] ?? ""))),
  );
  return all.map((row) =>
    row
      .map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - width(cell)))
      .join("  ")
      .trimEnd(),
  );
}

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}
