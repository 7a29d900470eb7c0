/** A row on its way from a file into a table. */
import type { Json } from "dagsmith";

/** One row of a source. */
export interface SourceRow {
  /** The line of the file where the row begins, counted from 1. */
  readonly line: number;
  /** Column name, in lower case, to value; a column without one is null. */
  readonly values: Readonly<Record<string, Json>>;
  /**
   * The JSON text of a value as the file has it: a double cannot hold every number.
   * Absent for sources whose values are texts, such as CSV.
   */
  readonly written?: (name: string) => string | undefined;
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
}

/** A longer line is likely a file of another format, and would only fill the memory. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;
