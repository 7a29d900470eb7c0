/** A CSV file as the bytes of a COPY in CSV format. */
import type { CsvPassage, PassedRecords, SourceRow } from "dagsmith/plugins/formats";
import { type CopyOptions, textsOf } from "./copy_text.ts";

/** COPY gets pieces of about this size: small ones cost more than their bytes. */
const PIECE_BYTES = 64 * 1024;

/**
 * The bytes of the records, after a header line that COPY ignores: by that line it knows
 * how lines end.
 * @param options its writers are in the order of the file
 * @throws FailTask naming line and column of a value that does not fit
 */
export async function* copyCsv(
  passage: CsvPassage,
  parts: AsyncIterable<PassedRecords | readonly SourceRow[]>,
  options: CopyOptions,
): AsyncGenerator<Uint8Array> {
  options.lines.addHeader();
  let pieces: Uint8Array[] = [Buffer.from(`header${passage.lineEnd}`)];
  let size = 0;
  for await (const part of parts) {
    const bytes = isRows(part)
      ? Buffer.from(part.map((row) => csvLine(passage, row, options)).join(""))
      : passed(part, options);
    pieces.push(bytes);
    size += bytes.length;
    if (size < PIECE_BYTES) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    size = 0;
  }
  yield Buffer.concat(pieces);
}

function isRows(part: PassedRecords | readonly SourceRow[]): part is readonly SourceRow[] {
  return Array.isArray(part);
}

function passed({ bytes, line, records, copyLines }: PassedRecords, { lines }: CopyOptions) {
  if (records === copyLines) lines.add(line, records);
  else lines.addLong(line, copyLines);
  return bytes;
}

/** A row as a record; its values are quoted, so that no text means null. */
function csvLine({ format, lineEnd }: CsvPassage, row: SourceRow, options: CopyOptions): string {
  const { quote, delimiter, nulls } = format;
  const fields = textsOf(row, options).map((text) =>
    text === null ? (nulls[0] ?? "") : `${quote}${text.replaceAll(quote, quote + quote)}${quote}`,
  );
  const line = fields.join(delimiter);
  // COPY counts the line breaks within quotes that are like the ends of lines.
  const breaks = line.split(lineEnd[0] ?? "\n").length - 1;
  if (breaks === 0) options.lines.add(row.line);
  else options.lines.addLong(row.line, 1 + breaks);
  return `${line}${lineEnd}`;
}
