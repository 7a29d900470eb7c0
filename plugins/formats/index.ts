/**
 * dagsmith/plugins/formats: rows of files, read and written in the formats that every
 * database of a plugin loads: CSV, JSON lines, Parquet. It knows no database.
 */
export { type Compression, packed, unpacked } from "./bytes/compression.ts";
export { csvHeader, readCsv } from "./csv/csv.ts";
export { type CsvFormat, type CsvOptions, csvFormat } from "./csv/csv_options.ts";
export type { KeptEnd, ScannedColumn, SureCheck } from "./csv/csv_scan.ts";
export { compressionOf, type FileKind, fileKind, type RowFormat } from "./file_kind.ts";
export { losesKeys } from "./json/doubled_keys.ts";
export { readJsonLines } from "./json/json_lines.ts";
export type { TabbedColumn } from "./json/json_scan.ts";
export { itemsOf, membersOf } from "./json/json_text.ts";
export { readParquet } from "./parquet/parquet.ts";
export { type ReadOptions, readRows } from "./read_rows.ts";
export {
  type FileParts,
  type ObjectReader,
  objectFile,
  pathFile,
  type RowFile,
  storedFile,
} from "./row_file.ts";
export type {
  CsvPassage,
  PassedRecords,
  SourceRow,
  SourceRows,
  TabbedLines,
} from "./source_row.ts";
export type { FileColumn, FileType, Row, RowBatches } from "./write/column.ts";
export { writeRows } from "./write/write_rows.ts";
