/** Reads CSV as rows. */
import { FailTask } from "dagsmith";
import { ByteSource } from "../bytes/byte_source.ts";
import type { CsvPassage, SourceRow, SourceRows } from "../source_row.ts";
import { columnNames } from "./csv_header.ts";
import { type CsvFormat, type CsvOptions, csvFormat } from "./csv_options.ts";
import { openPassage } from "./csv_passage.ts";
import { type CsvRecord, CsvRecords } from "./csv_records.ts";
import { readError, recordsOf, rowOf } from "./csv_rows.ts";

type Bytes = AsyncIterable<Uint8Array | string>;

/**
 * The rows of a CSV file. The header names the columns, folded to lower case; an empty
 * field is null unless it is quoted. A file that does not say one thing is refused: rows
 * with more or fewer fields than the header, a name that stands twice in the header,
 * quotes that are not closed, lines that end in different ways, bytes that are not text.
 * @param required columns that the header must have; `loadTable` adds those of its load
 * @throws FailTask naming line and column
 * @throws DagsmithError INVALID_OPTION
 * @example loadTable(lake, target, readCsv(createReadStream("trips.csv")), log)
 */
export function readCsv(
  source: Bytes,
  options: CsvOptions = {},
  required: readonly string[] = [],
): SourceRows {
  return new CsvRows(source, csvFormat(options), required);
}

/**
 * The names of a CSV file's columns in their order, in lower case. Reads no further than
 * the header.
 * @throws FailTask when the header lacks a required column or has a name twice
 */
export async function csvHeader(
  source: Bytes,
  options: CsvOptions = {},
  required: readonly string[] = [],
): Promise<readonly string[]> {
  const rows = new CsvRows(source, csvFormat(options), required);
  for await (const _ of rows) if (rows.header) break;
  return rows.header ?? [];
}

class CsvRows implements SourceRows {
  readonly #source: ByteSource;
  readonly #format: CsvFormat;
  #required: readonly string[];
  header: readonly string[] | undefined;

  constructor(source: Bytes, format: CsvFormat, required: readonly string[]) {
    this.#source = new ByteSource(source);
    this.#format = format;
    this.#required = required;
  }

  requireColumns(columns: readonly string[]): void {
    this.#required = [...new Set([...this.#required, ...columns])];
  }

  /** The file as bytes for COPY; null when its rows must be read. */
  async passage(): Promise<CsvPassage | null> {
    const passage = await openPassage(this.#source, this.#format, this.#required);
    if (passage) this.header = passage.header;
    return passage;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly SourceRow[]> {
    const records = new CsvRecords(this.#format);
    try {
      for await (const list of recordsOf(this.#source, this.#format.encoding, records, true))
        yield this.#rows(list);
    } catch (error) {
      throw readError(error, this.header);
    }
    if (this.header === undefined && this.#format.header === true)
      throw new FailTask("The CSV is empty: it has no header line");
  }

  #rows(records: readonly CsvRecord[]): readonly SourceRow[] {
    const [first] = records;
    if (first === undefined) return [];
    const isHeader = this.header === undefined && this.#format.header === true;
    this.header ??= columnNames(this.#format.header, first.fields, this.#required);
    const names = this.header;
    return records.slice(isHeader ? 1 : 0).map((record) => rowOf(record, names));
  }
}
