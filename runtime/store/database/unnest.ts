/**
 * Rows as parameters of a statement. A statement for many rows takes one array for each
 * column and reads them with unnest(), so that its text, and with it its plan, is the
 * same for any number of rows.
 */

/** The types that parameters have here. A misspelt type must not reach the server. */
type SqlType =
  | "bigint"
  | "boolean"
  | "bytea"
  | "float8"
  | "int"
  | "json"
  | "text"
  | "timestamptz"
  | "uuid";

/** A column: its type, and its value in a row. */
type Column<Row> = readonly [type: SqlType, value: (row: Row) => unknown];

/** Columns by name, in the order of the parameters. */
export type Columns<Row> = Readonly<Record<string, Column<Row>>>;

/** The columns of rows, named once: their text in a statement and their values. */
export interface RowSource<Row> {
  /** The names alone, for an insert: `run_id, task_id`. */
  readonly names: string;
  /** The rows as a table without a name: `unnest($1::bigint[], $2::text[])`. */
  readonly unnest: string;
  /**
   * The rows as a table to join: `unnest((select $1::bigint[])) as v (run_id)`. Its plan
   * is the same for any number of rows, so that the server keeps it.
   */
  as(alias: string): string;
  /** The parameters: one array for each column, in the order of the text. */
  values(rows: readonly Row[]): readonly (readonly unknown[])[];
}

/**
 * Names the columns of rows for one statement.
 * @param columns name to type and value; their order is the order of the parameters
 * @param first number of the first parameter. Default 1
 * @example
 * const ENDED = rowsOf<Ended>({
 *   id: ["bigint", (one) => one.instanceId],
 *   reason: ["text", (one) => one.reason],
 * });
 * const text = `update … from ${ENDED.as("v")} where t.id = v.id`;
 * await db.query({ name: "…", text }, ENDED.values(ended));
 */
export function rowsOf<Row>(columns: Columns<Row>, first = 1): RowSource<Row> {
  const cells = Object.values(columns);
  const names = Object.keys(columns).join(", ");
  const parameters = cells.map(([type], index) => `$${first + index}::${type}[]`);
  // Of a bare parameter the server counts the elements, finds a plan for so few rows
  // cheaper than the one that it keeps, and plans the statement each time.
  const uncounted = parameters.map((parameter) => `(select ${parameter})`);
  return {
    names,
    unnest: `unnest(${parameters.join(", ")})`,
    as: (alias) => `unnest(${uncounted.join(", ")}) as ${alias} (${names})`,
    values: (rows) => cells.map(([, value]) => rows.map(value)),
  };
}
