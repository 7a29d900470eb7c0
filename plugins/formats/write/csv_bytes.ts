/** Rows as CSV. */
import { batchesOf, type FileColumn, type Row, type RowBatches } from "./column.ts";
import { inPieces } from "./pieces.ts";
import { atRow, jsonValue } from "./text_value.ts";

/** RFC 4180, as `readCsv` reads it: null is nothing, and an empty text is quoted. */
export async function* csvBytes(
  rows: RowBatches,
  columns: readonly FileColumn[],
): AsyncGenerator<Uint8Array> {
  yield* inPieces(lines(rows, columns));
}

async function* lines(
  rows: RowBatches,
  columns: readonly FileColumn[],
): AsyncGenerator<Iterable<string>> {
  yield [line(columns.map(({ name }) => field(name)))];
  for await (const { batch, from } of batchesOf(rows)) yield linesOf(batch, from, columns);
}

function* linesOf(
  batch: readonly Row[],
  from: number,
  columns: readonly FileColumn[],
): Generator<string> {
  for (const [index, row] of batch.entries())
    yield line(columns.map(({ name }) => atRow(from + index, name, () => field(row[name]))));
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
