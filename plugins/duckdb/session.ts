/** What tasks see of DuckDB: the contract between the hook and its client. */
import type { Sql } from "dagsmith";

/**
 * A database in the process of the task. When the try is aborted, the statement that runs
 * is interrupted and the call rejects.
 *
 * Values come as JSON has them: integers of 64 bits or more and decimals as strings,
 * dates and times as ISO 8601 strings (timestamptz in UTC), blobs as base64, NaN and the
 * infinities as strings. Lists are lists, structs are objects, maps are lists of
 * `{ key, value }`. Columns of type JSON are strings.
 * @example
 * const duckdb: Duckdb = await hook(duckdbHook("lake"));
 * const rows = await duckdb.query(sql`select * from read_parquet(${path})`);
 */
export interface Duckdb {
  /** The rows of one statement. */
  query<Row extends object = Readonly<Record<string, unknown>>>(
    statement: Sql,
  ): Promise<readonly Row[]>;
  /** How many rows one statement inserted, updated, deleted, copied or read. */
  execute(statement: Sql): Promise<{ readonly rowCount: number }>;
  /**
   * Makes a temporary view over files of one format: `.csv` and `.tsv`, `.json`, `.jsonl`
   * and `.ndjson`, each also with `.gz` or `.zst`, and `.parquet`.
   * @param files paths on this machine; a path may hold wildcards, such as `part_*.csv`
   * @throws FailTask for another ending; Error when a file does not exist
   */
  view(name: string, files: string | readonly string[]): Promise<void>;
  /**
   * Writes the rows of a query into a file. Its ending says the format, as those of
   * {@link view}; JSON is one object a line.
   */
  copyTo(query: Sql, path: string): Promise<{ readonly rowCount: number }>;
  /** Runs `work` in a transaction: commits when it returns, rolls back when it throws. */
  transaction<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** A {@link Duckdb} that its opener closes. */
export interface OpenDuckdb extends Duckdb {
  /** A folder for temporary files, which goes with the database. */
  readonly folder: string;
  close(): Promise<void>;
}
