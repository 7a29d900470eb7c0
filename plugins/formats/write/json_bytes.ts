/** Rows as JSON lines. */
import type { FileColumn, RowBatches } from "./column.ts";
import { linesInPieces } from "./pieces.ts";
import { atRow, jsonValue } from "./text_value.ts";

/** One object a line, with the columns as its keys; a missing value is null. */
export function jsonBytes(
  rows: RowBatches,
  columns: readonly FileColumn[],
): AsyncGenerator<Uint8Array> {
  return linesInPieces(rows, (row, number) => {
    const values = columns.map(({ name }) => [
      name,
      atRow(number, name, () => jsonValue(row[name])),
    ]);
    return `${JSON.stringify(Object.fromEntries(values))}\n`;
  });
}
