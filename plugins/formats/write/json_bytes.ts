/** Rows as JSON lines. */
import { batchesOf, type FileColumn, type Row, type RowBatches } from "./column.ts";
import { inPieces } from "./pieces.ts";
import { atRow, jsonValue } from "./text_value.ts";

/** One object a line, with the columns as its keys; a missing value is null. */
export async function* jsonBytes(
  rows: RowBatches,
  columns: readonly FileColumn[],
): AsyncGenerator<Uint8Array> {
  yield* inPieces(lines(rows, columns));
}

async function* lines(
  rows: RowBatches,
  columns: readonly FileColumn[],
): AsyncGenerator<Iterable<string>> {
  for await (const { batch, from } of batchesOf(rows)) yield linesOf(batch, from, columns);
}

function* linesOf(
  batch: readonly Row[],
  from: number,
  columns: readonly FileColumn[],
): Generator<string> {
  for (const [index, row] of batch.entries()) {
    const values = columns.map(({ name }) => [
      name,
      atRow(from + index, name, () => jsonValue(row[name])),
    ]);
    yield `${JSON.stringify(Object.fromEntries(values))}\n`;
  }
}
