/** Rows as the bytes of a file, by its ending. */
import { packed } from "../bytes/compression.ts";
import { fileKind, type RowFormat } from "../file_kind.ts";
import { type FileColumn, type RowBatches, refuseColumns } from "./column.ts";
import { csvBytes } from "./csv_bytes.ts";
import { jsonBytes } from "./json_bytes.ts";
import { parquetBytes } from "./parquet_bytes.ts";

type Writer = (rows: RowBatches, columns: readonly FileColumn[]) => AsyncIterable<Uint8Array>;

const WRITERS: Readonly<Record<RowFormat, Writer>> = {
  csv: csvBytes,
  json: jsonBytes,
  parquet: parquetBytes,
};

/**
 * The bytes of a file with the rows, for `files.put` or `put` of an object store, in flat
 * memory: CSV with a header, JSON lines, or Parquet in row groups of at most 100,000 rows
 * and about 64 MiB. An empty text of CSV is quoted, so that it is not null.
 * @param name its ending says the format: `.csv`, `.json`, `.jsonl`, `.ndjson`, each also
 *   with `.gz` or `.zst`; `.parquet`, which needs the package hyparquet-writer
 * @param rows their keys are the names of the columns; other keys are left out
 * @throws FailTask when the ending names no format; while writing, for a value that does
 *   not fit, naming row and column. DagsmithError INVALID_OPTION, PACKAGE_MISSING
 * @example
 * const rows = await lake.query(sql`select id, name from cities`);
 * const columns = [{ name: "id", type: "bigint" }, { name: "name" }] as const;
 * return files.put("cities.parquet", writeRows("cities.parquet", rows, columns));
 */
export function writeRows(
  name: string,
  rows: RowBatches,
  columns: readonly FileColumn[],
): AsyncIterable<Uint8Array> {
  refuseColumns(columns);
  const { format, compression } = fileKind(name);
  const bytes = WRITERS[format](rows, columns);
  return compression ? packed(bytes, compression) : bytes;
}
