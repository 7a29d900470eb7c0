/** A row on its way from a file into a table. */
import type { Json } from "dagsmith";
import type { CsvFormat } from "./csv/csv_options.ts";
import type { ScannedColumn } from "./csv/csv_scan.ts";
import type { TabbedColumn } from "./json/json_scan.ts";

/** One row of a source. */
export interface SourceRow {
  /**
   * The line of the file where the row begins, counted from 1; the number of the row in a
   * file that has no lines.
   */
  readonly line: number;
  /** Column name, in lower case, to value; a column without one is null. */
  readonly values: Readonly<Record<string, Json>>;
  /**
   * The JSON text of a value as the file has it: a double cannot hold every number.
   * Absent for sources whose values are texts, such as CSV.
   */
  readonly written?: (name: string) => string | undefined;
}

/** Records of a CSV file that pass to COPY as they are. */
export interface PassedRecords {
  readonly bytes: Uint8Array;
  /** The line of the first record. */
  readonly line: number;
  /** How many records of one line; 1 for a record of any number of lines. */
  readonly records: number;
  /** How many lines COPY counts. */
  readonly copyLines: number;
}

/** A CSV file on its way to COPY: its records as bytes, or as rows where COPY errs. */
export interface CsvPassage {
  /** The columns of the file, in its order: those of the load, and no others. */
  readonly header: readonly string[];
  readonly format: CsvFormat;
  readonly lineEnd: "\n" | "\r\n";
  /** @param columns how the values of the columns are checked, in the order of the file */
  parts(columns: readonly ScannedColumn[]): AsyncGenerator<PassedRecords | readonly SourceRow[]>;
  /** Ends the source, when not all parts were read. */
  close(): Promise<void>;
}

/** Lines as COPY has them in its text format: a tab between values, `\N` for null. */
export interface TabbedLines {
  readonly text: string;
  /** The line of the file that the first of them was; the others follow it. */
  readonly line: number;
  readonly lines: number;
  /** For each column, 1 when some line up to here had it. */
  readonly seen: Uint8Array;
}

/**
 * Rows, in batches: an await for each of a million rows would cost more than reading
 * them.
 */
export interface SourceRows extends AsyncIterable<readonly SourceRow[]> {
  /**
   * Names the columns of the load, before the first row is read. A source with a header
   * refuses to be read when its header lacks one of them.
   */
  readonly requireColumns?: (columns: readonly string[]) => void;
  /**
   * The columns that the file names, once it is read. Absent when each row names its own.
   */
  readonly header?: readonly string[] | undefined;
  /** What {@link SourceRow.line} counts, for errors. Default `line`. */
  readonly unit?: "line" | "row";
  /**
   * The source as bytes for COPY, asked before the first row is read; null when its rows
   * must be read. Absent for sources that are no such bytes.
   */
  readonly passage?: () => Promise<CsvPassage | null>;
  /**
   * The source in place of its rows: as lines for COPY where each value surely is what its
   * column takes, else as rows. Absent for sources that cannot tell.
   */
  readonly tabbed?: (
    columns: readonly TabbedColumn[],
  ) => AsyncGenerator<TabbedLines | readonly SourceRow[]>;
}

/** A longer line is likely a file of another format, and would only fill the memory. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;
