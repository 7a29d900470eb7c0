/** Reads CSV as rows. */
import { FailTask } from "dagsmith";
import { columnNames } from "./csv_header.ts";
import { type CsvFormat, type CsvOptions, csvFormat } from "./csv_options.ts";
import { type CsvRecord, CsvRecords, MalformedError } from "./csv_records.ts";
import { Decoder } from "./encoding.ts";
import { MAX_LINE_BYTES, type SourceRow, type SourceRows } from "./source_row.ts";

const OTHER_ENCODING =
  ': if the file has another encoding, name it with the option "encoding", such as "latin1"';

type Bytes = AsyncIterable<Uint8Array | string>;
type Values = Readonly<Record<string, string | null>>;

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
  readonly #source: Bytes;
  readonly #format: CsvFormat;
  #required: readonly string[];
  header: readonly string[] | undefined;

  constructor(source: Bytes, format: CsvFormat, required: readonly string[]) {
    this.#source = source;
    this.#format = format;
    this.#required = required;
  }

  requireColumns(columns: readonly string[]): void {
    this.#required = [...new Set([...this.#required, ...columns])];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly SourceRow[]> {
    const records = new CsvRecords(this.#format);
    try {
      for await (const list of recordsOf(this.#source, this.#format.encoding, records))
        yield this.#rows(list);
    } catch (error) {
      throw error instanceof MalformedError ? malformed(error, this.header) : error;
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
    return records
      .slice(isHeader ? 1 : 0)
      .map((record) => ({ line: record.line, values: valuesOf(record, names) }));
  }
}

async function* recordsOf(
  source: Bytes,
  encoding: string,
  records: CsvRecords,
): AsyncGenerator<readonly CsvRecord[]> {
  const decoder = new Decoder(encoding, OTHER_ENCODING);
  const line = (): number => records.line + (records.pending.match(/\r\n|\r|\n/g)?.length ?? 0);
  for await (const chunk of source) {
    yield records.push(decoder.text(chunk, line));
    if (records.pending.length > MAX_LINE_BYTES)
      throw new MalformedError(records.line, 0, "the record is longer than 64 MiB");
  }
  yield records.push(decoder.text(undefined, line));
  yield records.end();
  // A fault after the last complete records is thrown by the next call only.
  yield records.end();
}

function valuesOf({ line, fields }: CsvRecord, names: readonly string[]): Values {
  if (fields.length !== names.length)
    throw new FailTask(
      `The CSV is malformed: line ${line} has ${fields.length} fields, but there are ${names.length} columns (${names.join(", ")})`,
    );
  const values: Record<string, string | null> = {};
  for (let index = 0; index < names.length; index += 1)
    values[names[index] ?? ""] = fields[index] ?? null;
  // Assigning to __proto__ would set no value.
  return Object.hasOwn(values, "__proto__") || !names.includes("__proto__")
    ? values
    : Object.fromEntries(names.map((name, index) => [name, fields[index] ?? null]));
}

function malformed(error: MalformedError, header: readonly string[] = []): FailTask {
  const column = header[error.field]
    ? `column "${header[error.field]}"`
    : `field ${error.field + 1}`;
  return new FailTask(`The CSV is malformed: line ${error.line}, ${column}: ${error.message}`, {
    cause: error,
  });
}
