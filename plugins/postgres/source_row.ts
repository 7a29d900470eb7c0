/** A row on its way from a file into a table. */
import type { Json } from "dagsmith";

export interface SourceRow {
  /** Where it begins in the file, counted from 1. */
  readonly line: number;
  /** Column name, in lower case, to value; a column without one is null. */
  readonly values: Readonly<Record<string, Json>>;
  /** A number as it is written, when a double cannot hold it; absent for sources whose values are text. */
  readonly exact?: (name: string) => string | undefined;
}

/** Rows come many at a time: an await for each of a million would cost more than reading them. */
export type SourceRows = AsyncIterable<readonly SourceRow[]>;

/** Longer than this, a line is rather a file of another format; reading on would only fill the memory. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;
