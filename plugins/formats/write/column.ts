/** The columns of a file that is written, and the types of their values. Pure. */
import { DagsmithError } from "dagsmith";

/**
 * A type of values, by the name that it has in SQL. Other types than `text` matter for
 * Parquet: CSV and JSON lines have texts for most of them.
 */
export type FileType =
  | "boolean"
  | "integer"
  | "bigint"
  | "double precision"
  | `numeric(${number},${number})`
  | "text"
  | "json"
  | "bytea"
  | "date"
  | "timestamp"
  | "timestamptz";

/** A column of a file. */
export interface FileColumn {
  /** Also the key of its values in a row. */
  readonly name: string;
  /** Default `text`. */
  readonly type?: FileType;
}

/**
 * Rows to write: a list, or batches of them, such as those of a query.
 * @example const rows: RowBatches = [{ id: 1, name: "Berlin" }];
 */
export type RowBatches = Iterable<Row> | AsyncIterable<readonly Row[]>;

/** A row: the values of its columns by their names. */
export type Row = Readonly<Record<string, unknown>>;

/** The rows in batches, and the number of the first row of each. */
export async function* batchesOf(
  rows: RowBatches,
): AsyncGenerator<{ readonly batch: readonly Row[]; readonly from: number }> {
  if (Symbol.iterator in rows) return yield { batch: [...rows], from: 1 };
  let from = 1;
  for await (const batch of rows) {
    yield { batch, from };
    from += batch.length;
  }
}

/** @throws DagsmithError INVALID_OPTION for no columns, or one name twice */
export function refuseColumns(columns: readonly FileColumn[]): void {
  const names = columns.map(({ name }) => name.toLowerCase());
  const doubled = names.find((name, index) => names.indexOf(name) !== index);
  if (names.length > 0 && doubled === undefined) return;
  throw new DagsmithError("INVALID_OPTION", {
    where: "writeRows()",
    option: "columns",
    found: doubled === undefined ? "an empty list" : `the column "${doubled}" twice`,
    allowed: "one column or more, each name once (upper and lower case are the same)",
  });
}
