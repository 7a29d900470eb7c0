/** Texts as bytes, in pieces of about one size: small ones cost more than their bytes. */

import { batchesOf, type Row, type RowBatches } from "./column.ts";

const PIECE_CHARACTERS = 64 * 1024;

/**
 * Rows as lines of text.
 * @param line the text of a row, by its number from 1
 * @param head what comes before the first row
 */
export async function* linesInPieces(
  rows: RowBatches,
  line: (row: Row, number: number) => string,
  head = "",
): AsyncGenerator<Uint8Array> {
  yield* inPieces(lines(rows, line, head));
}

async function* lines(
  rows: RowBatches,
  line: (row: Row, number: number) => string,
  head: string,
): AsyncGenerator<Iterable<string>> {
  yield [head];
  for await (const { batch, from } of batchesOf(rows)) yield linesOf(batch, from, line);
}

function* linesOf(
  batch: readonly Row[],
  from: number,
  line: (row: Row, number: number) => string,
): Generator<string> {
  for (const [index, row] of batch.entries()) yield line(row, from + index);
}

async function* inPieces(batches: AsyncIterable<Iterable<string>>): AsyncGenerator<Uint8Array> {
  let piece = "";
  for await (const batch of batches)
    for (const text of batch) {
      piece += text;
      if (piece.length < PIECE_CHARACTERS) continue;
      yield Buffer.from(piece);
      piece = "";
    }
  if (piece !== "") yield Buffer.from(piece);
}
