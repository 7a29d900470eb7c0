/**
 * The shape of every delete of retention: a bounded number of rows, without waiting for
 * rows that another transaction has locked. Such a row stays for the next pass.
 */
import type { Queryable, Statement } from "../database/database.ts";

/**
 * Rows deleted by one statement. Their locks are held for its length only, some 10 ms.
 */
export const ROWS_AT_ONCE = 1_000;

/**
 * The statement that deletes up to `$2` rows of a table.
 * @param where the condition on the rows, with `$1`
 */
export function deleteSome(name: string, table: string, where: string): Statement {
  const text = `
with gone as (
  delete from ${table} where ctid = any(array(
    select ctid from ${table} where ${where} limit $2 for update skip locked))
  returning 1
)
select count(*)::int as rows from gone`;
  return { name, text };
}

/** Runs the statement until no row is left. @returns how many rows each one deleted */
export async function* deleteAll(
  db: Queryable,
  statement: Statement,
  value: unknown,
): AsyncGenerator<number> {
  for (let rows = ROWS_AT_ONCE; rows === ROWS_AT_ONCE; ) {
    rows = await countOf(db, statement, [value, ROWS_AT_ONCE]);
    if (rows > 0) yield rows;
  }
}

/** The number that a statement returns as `rows`. */
export async function countOf(
  db: Queryable,
  statement: Statement,
  values: readonly unknown[],
): Promise<number> {
  return (await db.query<{ rows: number }>(statement, values))[0]?.rows ?? 0;
}

/** Whether a time is longer ago than the age `$1` in milliseconds. */
export const isOlder = (time: string): string =>
  `${time} < now() - $1::float8 * interval '1 millisecond'`;
