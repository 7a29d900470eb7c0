/** Rows of a file, by its format. */
import { type Compression, unpacked } from "./bytes/compression.ts";
import { readCsv } from "./csv/csv.ts";
import type { CsvOptions } from "./csv/csv_options.ts";
import { compressionOf, fileKind, type RowFormat } from "./file_kind.ts";
import { readJsonLines } from "./json/json_lines.ts";
import { readParquet } from "./parquet/parquet.ts";
import type { RowFile } from "./row_file.ts";
import type { SourceRows } from "./source_row.ts";

/** How a file is read. */
export interface ReadOptions {
  /** Default: by the ending of the name. */
  readonly format?: RowFormat;
  /** How the whole file is packed. Default: by the ending of the name. */
  readonly compression?: Compression | null;
  /** How CSV is written. */
  readonly csv?: CsvOptions;
}

/**
 * The rows of a file, for the load of any database, in flat memory: a chunk of CSV or
 * JSON lines, a row group of Parquet. The file is opened when the first row is read.
 * @throws FailTask when the ending names no format; while reading, for a file that is not
 *   whole or not of its format
 * @example
 * const rows = readRows(storedFile(files, inputs.trips));
 * await loadTable(await hook(postgresHook("lake")), target, rows, log);
 */
export function readRows(file: RowFile, options: ReadOptions = {}): SourceRows {
  const format = options.format ?? fileKind(file.name).format;
  if (format === "parquet") return readParquet(file);
  const { compression = compressionOf(file.name) } = options;
  const bytes = bytesOf(file, compression);
  return format === "csv" ? readCsv(bytes, options.csv) : readJsonLines(bytes);
}

async function* bytesOf(
  file: RowFile,
  compression: Compression | null,
): AsyncGenerator<Uint8Array> {
  const bytes = await file.stream();
  yield* compression ? unpacked(bytes, compression, file.name) : bytes;
}
