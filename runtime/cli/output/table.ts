/** Tables of plain text: columns padded to their widest cell, no borders, so that they read well and cut well. */
import { stripVTControlCharacters } from "node:util";

/** Lines of a table; the heading comes in capitals. A cell may hold colours, but no line breaks. */
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
