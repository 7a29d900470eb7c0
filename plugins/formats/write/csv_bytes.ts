/** Rows as CSV. */
import type { FileColumn, RowBatches } from "./column.ts";
import { linesInPieces } from "./pieces.ts";
import { atRow, jsonValue } from "./text_value.ts";

/** RFC 4180, as `readCsv` reads it: null is nothing, and an empty text is quoted. */
export function csvBytes(
  rows: RowBatches,
  columns: readonly FileColumn[],
): AsyncGenerator<Uint8Array> {
  const names = columns.map(({ name }) => name);
  return linesInPieces(
    rows,
    (row, number) => line(names.map((name) => atRow(number, name, () => field(row[name])))),
    line(names.map(field)),
  );
}

function line(fields: readonly string[]): string {
  return `${fields.join(",")}\n`;
}

function field(value: unknown): string {
  const json = jsonValue(value);
  if (json === null) return "";
  const text = typeof json === "string" ? json : JSON.stringify(json);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
