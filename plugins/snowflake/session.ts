/** What tasks see of Snowflake: the contract between the hook and its client. */
import type { Sql } from "dagsmith";

/**
 * Runs statements. When the try is aborted, the statement that runs is cancelled in
 * Snowflake and the call rejects.
 *
 * Values are bound. Names of columns in rows are in upper case, unless a statement quotes
 * them. Values of rows are JSON: whole numbers are numbers, or strings when a double cannot
 * hold them; other NUMBERs strings; dates and times ISO 8601 strings, to the millisecond;
 * BINARY base64; VARIANT, OBJECT and ARRAY their JSON.
 * @example const work = (session: SnowflakeSession) => session.execute(sql`delete from trips`);
 */
export interface SnowflakeSession {
  /** The rows of a statement. */
  query<Row extends object = Readonly<Record<string, unknown>>>(
    statement: Sql,
  ): Promise<readonly Row[]>;
  /** How many rows a statement inserted, changed, deleted or read. */
  execute(statement: Sql): Promise<{ readonly rowCount: number }>;
}

/**
 * Snowflake, by one session that logs in with the first statement.
 * @example
 * const snowflake: Snowflake = await hook(snowflakeHook("lake"));
 * const rows = await snowflake.query<{ N: number }>(sql`select count(*) as n from trips`);
 */
export interface Snowflake extends SnowflakeSession {
  /**
   * Runs `work` in one transaction of a session of its own: commits when it returns, rolls
   * back when it throws. Snowflake commits at statements that create, change or drop tables.
   */
  transaction<Result>(work: (session: SnowflakeSession) => Promise<Result>): Promise<Result>;
  /** Called by the hook. */
  close(): Promise<void>;
}
