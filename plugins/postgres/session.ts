/**
 * What tasks see of a PostgreSQL database: the contract between the hook and its client.
 */
import type { Readable } from "node:stream";
import type { Sql } from "dagsmith";
import type { Pool } from "pg";

/**
 * How CSV is written that COPY reads.
 * @example const format: CopyCsvFormat = { delimiter: ",", quote: '"', nulls: [""] };
 */
export interface CopyCsvFormat {
  readonly delimiter: string;
  readonly quote: string;
  /** The first is the text that means null, unless it is quoted. */
  readonly nulls: readonly string[];
}

/**
 * Runs statements. When the try is aborted, the statement that runs is cancelled on the
 * server and the call rejects.
 *
 * Values come as JSON has them, whatever the settings of the session: bigint and numeric
 * as strings, dates, times and intervals as ISO 8601 strings (timestamptz in UTC), bytea
 * as base64, json with the numbers that a double cannot hold as strings; NaN, -0 and the
 * infinities as strings. Arrays are lists of such values; all other types are strings in
 * PostgreSQL's text form.
 */
export interface PostgresSession {
  /** The rows of a statement. */
  query<Row extends object = Readonly<Record<string, unknown>>>(
    statement: Sql,
  ): Promise<readonly Row[]>;
  /** How many rows a statement inserted, updated, deleted or read. */
  execute(statement: Sql): Promise<{ readonly rowCount: number }>;
  /**
   * Streams into a table by COPY. When the source throws, nothing has been written.
   * @param format `text` is PostgreSQL's text format (tab between columns, `\N` for null);
   *   else CSV in UTF-8, whose first line is ignored. Default `text`
   */
  copyFrom(
    table: Sql,
    columns: readonly string[],
    source: AsyncIterable<Uint8Array | string>,
    format?: "text" | CopyCsvFormat,
  ): Promise<{ readonly rowCount: number }>;
}

/**
 * A database. Statements outside {@link Postgres.transaction} stand alone, each on any
 * connection of the pool.
 */
export interface Postgres extends PostgresSession {
  /**
   * Runs `work` in one transaction on one connection: commits when it returns, rolls back
   * when it throws.
   */
  transaction<Result>(work: (session: PostgresSession) => Promise<Result>): Promise<Result>;
  /**
   * The rows of a query as a stream.
   * @param format PostgreSQL's `text` (default) or `csv`, which has a header line
   */
  copyTo(query: Sql, format?: "text" | "csv"): Promise<Readable>;
  /**
   * The pool of `pg`, for everything else; what is done with it is not cancelled with the
   * try.
   */
  readonly pool: Pool;
}
