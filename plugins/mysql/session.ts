/** What tasks see of a MySQL database: the contract between the hook and its client. */
import type { Sql } from "dagsmith";
import type { Pool } from "mysql2/promise";

/**
 * Runs statements. When the try is aborted, the statement that runs is killed on the
 * server and the call rejects.
 *
 * Values are bound by a prepared statement; dates are written in UTC. Values of rows are
 * JSON: BIGINT and DECIMAL are strings, dates and times ISO 8601 strings (TIMESTAMP in
 * UTC), binary values base64, JSON its text.
 * @example const work = (session: MysqlSession) => session.execute(sql`delete from trips`);
 */
export interface MysqlSession {
  /** The rows of a statement. */
  query<Row extends object = Readonly<Record<string, unknown>>>(
    statement: Sql,
  ): Promise<readonly Row[]>;
  /** How many rows a statement inserted, changed, deleted or read. */
  execute(statement: Sql): Promise<{ readonly rowCount: number }>;
}

/**
 * A database of MySQL or MariaDB. The session is in UTC, and strict: a value that does not
 * fit its column is an error.
 * @example
 * const mysql: Mysql = await hook(mysqlHook("shop"));
 * const rows = await mysql.query(sql`select id, total from orders where day = ${day}`);
 */
export interface Mysql extends MysqlSession {
  /**
   * Runs `work` in one transaction on one connection: commits when it returns, rolls back
   * when it throws.
   */
  transaction<Result>(work: (session: MysqlSession) => Promise<Result>): Promise<Result>;
  /** The pool of mysql2, for everything else; what it does is not killed with the try. */
  readonly pool: Pool;
  /** Called by the hook. */
  close(): Promise<void>;
}
